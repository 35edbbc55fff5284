"""Finds dead letters in decision logs, which keep them for ever; the topic `dead-letters` keeps 30 days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cli.dead_letters.letters import Letter, Letters
from cli.dead_letters.reading import messages
from cli.decider import pure
from cli.failure import Failed
from runtime.reading import decode, tps_of
from runtime.settings import Settings
from schemas.control import Place
from schemas.documents import OUTCOMES_OF
from schemas.record import RecordCodec
from schemas.topics import DOMAINS, DomainTopics
from streams.checkpoints import read_decided

KINDS = b'"DeadLetter'
"""Stands in every record about dead letters, and in few others: only what has it is decoded."""


@dataclass(frozen=True)
class Selection:
    """Which letters are meant: those named, or all that are like this."""

    places: Sequence[Place] = ()
    containing: str | None = None
    shop: int | None = None

    def __contains__(self, letter: Letter) -> bool:
        if self.places and letter.place not in self.places:
            return False
        return (self.containing is None or self.containing in letter.reason) and (
            self.shop is None or self.shop == letter.seen.shop
        )


async def find(
    settings: Settings, domains: Sequence[str], keeps: Callable[[Letter], bool] = lambda letter: False
) -> Mapping[str, Letters]:
    """All dead letters of these domains, with the bytes of those that `keeps` chooses."""
    return {domain: await _in_log(settings, DOMAINS[domain], keeps) for domain in domains}


async def _in_log(settings: Settings, domain: DomainTopics, keeps: Callable[[Letter], bool]) -> Letters:
    letters, tps = Letters(keeps), await tps_of(settings, domain.log)
    if not tps:
        raise Failed(f"topic {settings.topic(domain.log.name)} does not exist: run `relearn topics create`")
    codec = RecordCodec(domain.types, OUTCOMES_OF[domain.name])
    # Asked first: of all that is decided by these ends, the records are read below.
    letters.decided_to(await read_decided(settings, pure(domain.name)))
    async for message in messages(settings, f"{domain.name} read", dict.fromkeys(tps, 0)):
        if KINDS in message.value:
            letters.hear(message.offset, decode(codec, message))
    return letters


def place(words: str) -> Place:
    """The place that is written as topic/partition/offset.

    Raises:
        Failed: if it is not.
    """
    topic, _, rest = words.partition("/")
    partition, _, offset = rest.partition("/")
    if domain_of(topic) is None or not (_is_number(partition) and _is_number(offset)):
        raise Failed(f"{words!r} is no input as TOPIC/PARTITION/OFFSET, such as learning.events/0/17")
    return Place(topic=topic, partition=int(partition), offset=int(offset))


def _is_number(words: str) -> bool:
    return words.isascii() and words.isdecimal() and len(words) < 19


def domain_of(topic: str) -> str | None:
    """The name of the domain that has this input topic."""
    return next((name for name, each in DOMAINS.items() if topic in {t.name for t in each.inputs}), None)


def known(letters: Mapping[str, Letters], places: Sequence[Place]) -> list[Letter]:
    """The letters of these names.

    Raises:
        Failed: naming the first that nothing died at.
    """
    found = []
    for each in places:
        letter = letters[str(domain_of(each.topic))].at(each)
        if letter is None:
            raise Failed(f"no dead letter is known at {each}: `relearn dead-letters list` has them")
        found.append(letter)
    return found

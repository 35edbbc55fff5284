"""What would become of a dead letter that is sent again: the enricher's own check, made beforehand."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cli.dead_letters.letters import Letter, Letters
from cli.dead_letters.order import Awaited
from schemas.codec import decode
from schemas.enriched import Invalid
from schemas.event import PartitionData
from schemas.failures import InvalidEvent
from schemas.keys import key_of
from schemas.topics import DomainTopics, Key
from streams.enrichment.check import Check, RawInput, home_of


@dataclass(frozen=True, slots=True)
class Plan:
    """How a letter is to be sent again, always to its own topic: who may write there stays decided by the broker.

    `dies` says why it would die again. `conversation` is what it is about, where that is a conversation.
    """

    letter: Letter
    raw: bytes
    key: bytes | None
    partition: int
    dies: str | None
    conversation: str | None = None

    @property
    def awaited(self) -> Awaited | None:
        """With whom it should be in order; None if with nobody, or if nobody can say."""
        if self.key is None:
            return None
        return Awaited(self.letter, self.key.decode(), self.conversation, self.partition)


class Planner:
    """Plans for the letters of one domain. What has no key stays in its partition."""

    def __init__(self, domain: DomainTopics, partitions: int, now: datetime) -> None:
        """`now`: when they will be appended, more or less."""
        self._domain, self._partitions = domain, partitions
        self._now_ms = int(now.timestamp() * 1000)
        self._check = Check(domain, partitions)

    def plan(self, letter: Letter, raw: bytes) -> Plan:
        """How to send these bytes in place of this letter."""
        key, partition, conversation = self._belongs(letter, raw)
        checked = self._check(
            RawInput(letter.input.topic, partition, letter.input.offset, self._now_ms, key, raw)
        )
        dies = checked.reason if isinstance(checked, Invalid) else None
        return Plan(letter, raw, key, partition, dies, conversation)

    def _belongs(self, letter: Letter, raw: bytes) -> tuple[bytes | None, int, str | None]:
        """The key and the partition that a producer would choose."""
        try:
            event = decode(raw, self._domain.types)
        except InvalidEvent:
            return None, letter.input.partition, None
        if (key := key_of(event)) is not None:
            talk = getattr(event.data, "conversation", None)
            return key, home_of(key, self._partitions), str(talk) if talk else None
        assert isinstance(event.data, PartitionData), "all else has a key"
        named = event.data.partition
        return None, named if named < self._partitions else letter.input.partition, None


class LeftBehind:
    """Open letters that do not go with the others."""

    def __init__(self, letters: Letters, going: Iterable[Letter], kind: Key) -> None:
        them = {id(each) for each in going}
        self._sent = defaultdict[str, list[tuple[int, str, int, int]]](list)
        for each in in_order(letters):
            key = each.seen.key(kind)
            if key is not None and id(each) not in them and letters.state(each) == "open":
                self._sent[key].append(each.sent)

    def before(self, plan: Plan) -> int:
        """How many of the same shop or task were first sent before this one."""
        if plan.key is None:
            return 0
        return bisect_left(self._sent.get(plan.key.decode(), []), plan.letter.sent)


def in_order(letters: Iterable[Letter]) -> list[Letter]:
    """As they were first sent."""
    return sorted(letters, key=lambda letter: letter.sent)

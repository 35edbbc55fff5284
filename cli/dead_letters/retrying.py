"""Sends dead letters again, and records each attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.asking import Asker, asker
from cli.dead_letters.letters import Letter, Letters, place_of
from cli.dead_letters.order import Since, decided_since
from cli.dead_letters.plan import LeftBehind, Plan, Planner, in_order
from cli.events import to_partition
from cli.shown import until_shown
from cli.writing import Manner
from runtime.clock import Clock
from runtime.decisions import Decided
from runtime.fault import Faults
from runtime.reading import partitions_of
from runtime.settings import Settings
from schemas.control import DeadLetterRetried, Place
from schemas.enriched import Coordinates
from schemas.event import Event
from schemas.topics import DomainTopics

AT_ONCE = 100
"""So many are appended, and then recorded, before the next."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How letters are to be sent again. `instead`: better bytes for the only one."""

    by: str
    note: str | None = None
    instead: bytes | None = None
    force: bool = False


@dataclass(slots=True)
class Try:
    """What became of one letter. `left`: why it was not sent. `decided`: None while nobody waits."""

    letter: Letter
    left: str | None = None
    appended: Place | None = None
    since: Since = field(default_factory=Since)
    open_before: int = 0
    key: str | None = None
    conversation: str | None = None
    decided: Decided | None = None


class Retrying:
    """Sends dead letters of one domain again, in the order in which they were first sent.

    An input is appended before the attempt is recorded. Ended in between, the letter is still open, and sending it
    once more is harmless: what was decided meanwhile is known by its id, and ignored. The other way round it would
    count as sent, and be lost to sight.
    """

    def __init__(self, settings: Settings, domain: DomainTopics, clock: Clock, fault: Faults) -> None:
        self._settings, self._domain = settings, domain
        self._clock, self._fault = clock, fault

    async def run(self, letters: Letters, chosen: Sequence[Letter], wish: Wish, manner: Manner) -> list[Try]:
        """Sends them, but for those that would die again or were sent before, unless the wish is to force it.

        Raises:
            Failed: if they are not decided, or shown, in time. All of them are appended and recorded then.
        """
        partitions = await partitions_of(self._settings, *self._domain.inputs)
        planner = Planner(self._domain, partitions, self._clock.now())
        plans = [
            planner.plan(each, each.raw if wish.instead is None else wish.instead)
            for each in in_order(chosen)
        ]
        tries = [Try(plan.letter, None if wish.force else _obstacle(letters, plan)) for plan in plans]
        going = [(plan, each) for plan, each in zip(plans, tries, strict=True) if each.left is None]
        await self._compare(letters, going)
        if going:
            await self._send(going, wish, manner)
        return tries

    async def _compare(self, letters: Letters, going: Sequence[tuple[Plan, Try]]) -> None:
        awaited = [plan.awaited for plan, _ in going if plan.awaited is not None]
        since = await decided_since(self._settings, self._domain, awaited)
        behind = LeftBehind(letters, (plan.letter for plan, _ in going), self._domain.key)
        for plan, each in going:
            each.since = since.get(plan.letter.place, each.since)
            each.open_before = behind.before(plan)
            each.key = plan.key.decode() if plan.key else None
            each.conversation = plan.conversation

    async def _send(self, going: Sequence[tuple[Plan, Try]], wish: Wish, manner: Manner) -> None:
        inputs, attempts = list[Coordinates](), list[Coordinates]()
        async with asker(self._settings, self._domain) as asking:
            for start in range(0, len(going), AT_ONCE):
                lot = going[start : start + AT_ONCE]
                appended = await _append(asking, [plan for plan, _ in lot])
                for (_, each), at in zip(lot, appended, strict=True):
                    each.appended = place_of(at)
                self._fault("after-append")
                now = self._clock.now()
                attempts += await asking.append(_attempt(each, wish, now) for _, each in lot)
                inputs += appended
            if not manner.wait:
                return
            decided = await asking.decided([*inputs, *attempts], manner.timeout)
        for (_, each), found in zip(going, decided, strict=False):
            each.decided = found
        await until_shown(self._settings, _last(decided), manner.timeout, self._domain)


async def _append(asking: Asker, plans: Sequence[Plan]) -> list[Coordinates]:
    """Hands all over in their order, which is that of their partition; returns where they stand."""
    topics = [plan.letter.input.topic for plan in plans]
    sent = [
        await asking.put(topic, plan.raw, plan.key, plan.partition)
        for topic, plan in zip(topics, plans, strict=True)
    ]
    delivered = await asyncio.gather(*sent)
    return [
        Coordinates(topic, done.partition, done.offset, done.timestamp)
        for topic, done in zip(topics, delivered, strict=True)
    ]


def _attempt(each: Try, wish: Wish, now: datetime) -> Event[Any]:
    at = each.letter.input
    assert each.appended is not None
    data = DeadLetterRetried(
        partition=at.partition,
        topic=at.topic,
        offset=at.offset,
        by=wish.by,
        reason=wish.note,
        appended=each.appended,
    )
    return to_partition(data, now)


def _obstacle(letters: Letters, plan: Plan) -> str | None:
    """Why it had better not be sent; None if nothing speaks against it."""
    match letters.state(plan.letter):
        case "open":
            return None if plan.dies is None else f"would die again: {plan.dies}"
        case "discarded":
            last = plan.letter.deeds[-1]
            return f"was discarded by {last.by} at {last.at:%Y-%m-%d %H:%M:%S}"
        case became:
            last = plan.letter.deeds[-1]
            return f"was sent again by {last.by} at {last.at:%Y-%m-%d %H:%M:%S}, as {last.appended}: {became}"


def _last(decided: Sequence[Decided]) -> Mapping[int, int]:
    """The last offset of each partition of the log."""
    found: dict[int, int] = {}
    for each in decided:
        found[each.partition] = max(each.offset, found.get(each.partition, -1))
    return found

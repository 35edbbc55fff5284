"""How every write goes: append, and answer with what is known when the caller wants to go on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiokafka.errors import KafkaError
from fastapi.responses import Response

from api.meters import Meters
from api.problems import unavailable
from api.writing import Unwritable, Writing
from projections.failures import DATABASE_FAILURES
from projections.visible import Visible
from runtime.decisions import Decided
from schemas.enriched import Coordinates
from schemas.event import Event
from schemas.failures import UnreadableRecord
from schemas.saying import refusal, without_vectors
from schemas.topics import DomainTopics

LONGEST_WAIT = 30
"""Seconds."""

WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)
"""The preference `wait` of RFC 7240, section 4.3."""

JSON = "application/json"

log = structlog.get_logger(__name__)


def wait_of(prefer: Sequence[str]) -> int | None:
    """How many seconds the caller would wait for the effect; None: not at all."""
    found = WAIT.search(",".join(prefer))
    return None if found is None else min(int(found[1]), LONGEST_WAIT)


class Accepting:
    """Appends, and waits where that is wished."""

    def __init__(self, writing: Writing, visible: Mapping[str, Visible], meters: Meters) -> None:
        """`visible`: by domain."""
        self._writing, self._visible, self._meters = writing, visible, meters

    async def accept(self, domain: DomainTopics, event: Event[Any], wait: int | None) -> Response:
        """202 when the event is durable; 200 with what was decided, if it is in the tables in time.

        Raises:
            Problem: if the brokers are away.
        """
        (at,), decided = await self.append(domain, [event], wait)
        if not decided:
            return _json(_about(event, at), HTTPStatus.ACCEPTED)
        return _json(
            _about(event, at) | outcome_of(decided[0]), HTTPStatus.OK, _waited(domain, decided, wait)
        )

    async def accept_all(
        self, domain: DomainTopics, events: Sequence[Event[Any]], wait: int | None
    ) -> Response:
        """The same for several; the answer tells of each, in their order.

        Raises:
            Problem: as `accept` does.
        """
        places, decided = await self.append(domain, events, wait)
        told = [_about(event, at) for event, at in zip(events, places, strict=True)]
        if not decided:
            return _json({"events": told}, HTTPStatus.ACCEPTED)
        told = [each | outcome_of(found) for each, found in zip(told, decided, strict=True)]
        return _json({"events": told}, HTTPStatus.OK, _waited(domain, decided, wait))

    async def append(
        self, domain: DomainTopics, events: Sequence[Event[Any]], wait: float | None = None
    ) -> tuple[list[Coordinates], list[Decided]]:
        """Where the events stand, once they are durable, and what was decided about each: nothing if nobody waits
        for it, or if not all of it is in the tables in time.

        Raises:
            Problem: if the brokers are away.
        """
        try:
            if not wait:
                return await self._accepted(domain, events), []
            decisions = self._writing.decisions(domain)
            with decisions.expecting():
                places = await self._accepted(domain, events)
                decided = await self._decided(domain, decisions.about(places), wait)
        except Unwritable as error:
            raise unavailable(f"not accepted: {error}") from error
        self._meters.waited(domain.name, in_time=bool(decided))
        return places, decided

    async def _accepted(self, domain: DomainTopics, events: Sequence[Event[Any]]) -> list[Coordinates]:
        places = await self._writing.append(domain, events)
        self._meters.accepted(domain.name, len(events))
        return places

    async def _decided(
        self, domain: DomainTopics, deciding: Awaitable[list[Decided]], wait: float
    ) -> list[Decided]:
        try:
            async with asyncio.timeout(wait):
                found = await deciding
                await self._visible[domain.name].until(_last(found))
        except TimeoutError:
            return []
        except (*DATABASE_FAILURES, OSError, KafkaError, UnreadableRecord) as error:
            # The events are durable: whatever keeps us from telling more, nobody must think that they are not.
            log.warning("what was decided is not told", kind=type(error).__name__, reason=str(error))
            return []
        return found


def _last(decided: Sequence[Decided]) -> dict[int, int]:
    """The last of these records in each partition of the log."""
    return {each.partition: each.offset for each in sorted(decided, key=lambda d: d.offset)}


def _waited(domain: DomainTopics, decided: Sequence[Decided], wait: float | None) -> dict[str, str]:
    return {"preference-applied": f"wait={wait}", "relearn-position": written(domain.name, _last(decided))}


def written(domain: str, last: Mapping[int, int]) -> str:
    """How a position is written that shows these records: `learning:0=18,learning:3=7`, next offsets."""
    return ",".join(f"{domain}:{partition}={offset + 1}" for partition, offset in sorted(last.items()))


def _about(event: Event[Any], at: Coordinates) -> dict[str, Any]:
    position = {"topic": at.topic, "partition": at.partition, "offset": at.offset}
    return {"event_id": str(event.id), "position": position}


def _json(told: Any, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(told), status, dict(headers or {}), JSON)


def outcome_of(decided: Decided) -> dict[str, Any]:
    """What was decided, without vectors: a caller has no use for them."""
    return {
        "record": {"partition": decided.partition, "offset": decided.offset},
        "refused": refusal(decided.record),
        "outcomes": [without_vectors(each) for each in decided.record.outcomes],
    }

"""Holds the tables against their log, record by record: do they belong together?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from cli.failure import Failed
from cli.tables import opened
from projections.belonging import Audited, ShownPartition, shown_partition
from projections.opening import Opening
from projections.positions import Positions
from projections.projection import Projection
from runtime.reading import decode, end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.record import Record
from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one partition of the log and the tables agree on. `behind`: records that are not shown yet."""

    partition: int
    records: int
    outcomes: int
    shops: int
    behind: int

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


async def verify(settings: Settings, log: Topic, projection: Projection) -> list[Agreement]:
    """What is agreed on in each partition.

    Raises:
        Failed: naming the first difference.
        LogRefused: if the log is not for these tables at all.
    """
    tps = await tps_of(settings, log)
    if not tps:
        raise Failed(
            f"the log's topic {settings.topic(log.name)} does not exist: run `relearn topics create`"
        )
    async with opened(settings, projection.name) as pool, reader(settings, *tps) as consumer:
        positions = Positions(projection.name, projection.log)
        if beyond := [p for p in await positions.all(pool) if p.partition >= len(tps) and p.seq]:
            raise Failed(
                f"the tables show {projection.log}[{beyond[0].partition}], which the log does not have"
            )
        model = await positions.model(pool)
        found = []
        for tp in tps:
            opening = Opening(projection.name, projection.log, projection.codec, len(tps), model)
            async with shown_partition(pool, projection, tp.partition) as shown:
                found.append(await _Comparison(consumer, tp, projection, opening, shown).run())
    return found


class _Comparison:
    """Of one partition."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        tp: TopicPartition,
        projection: Projection,
        opening: Opening,
        shown: ShownPartition,
    ) -> None:
        self._consumer, self._tp = consumer, tp
        self._projection, self._opening, self._shown = projection, opening, shown
        self._where = f"{projection.log}[{tp.partition}]"
        self._seq = self._last = self._outcomes = self._behind = 0
        self._shops: set[int] = set()

    async def run(self) -> Agreement:
        """Reads log and audit side by side.

        Raises:
            Failed: at the first difference.
        """
        audited = self._shown.audited()
        try:
            async for offset, record in self._log():
                await self._compare(offset, record, audited)
            await self._end(audited)
        finally:
            await audited.aclose()  # type: ignore[attr-defined]
        await self._compare_shops()
        return Agreement(
            self._tp.partition, self._seq - self._behind, self._outcomes, len(self._shops), self._behind
        )

    async def _log(self) -> AsyncIterator[tuple[int, Record]]:
        end = await end_of(self._consumer, self._tp)
        if (position := self._shown.position).next_offset > end:
            raise Failed(
                f"{self._where}: the tables are shown up to {position.next_offset}, but the log ends at {end}: "
                f"it has lost its end, or the tables are of another log"
            )
        async for lot in read(self._consumer, self._tp, 0, end):
            for message in lot:
                if not self._seq:
                    self._opening.check(self._tp.partition, message.value)
                yield message.offset, decode(self._projection.codec, message)

    async def _compare(self, offset: int, record: Record, audited: AsyncIterator[Audited]) -> None:
        if record.seq != self._seq:
            raise Failed(f"{self._where} is damaged: record {record.seq} stands at {offset}, not {self._seq}")
        self._seq += 1
        if record.shop_id:
            self._shops.add(record.shop_id)
        if offset >= self._shown.position.next_offset:
            self._behind += 1
            return
        self._last = offset + 1
        self._outcomes += len(record.outcomes)
        if not record.outcomes:
            return
        decided = sorted(type(outcome).__name__ for outcome in record.outcomes)
        found = await anext(audited, None)
        if found is None or found.offset != offset or list(found.actions) != decided:
            told = "no more" if found is None else f"{', '.join(found.actions)} of {found.offset}"
            raise Failed(f"{self._where} {offset} decided {', '.join(decided)}; the audit has {told}")

    async def _end(self, audited: AsyncIterator[Audited]) -> None:
        position, shown = self._shown.position, self._seq - self._behind
        if (more := await anext(audited, None)) is not None:
            raise Failed(f"{self._where}: the audit has {more.offset}, which is no record of the log")
        if (beyond := await self._shown.audited_beyond()) is not None:
            raise Failed(
                f"{self._where}: the audit has {beyond}, but is shown only up to {position.next_offset}"
            )
        if (position.seq, position.next_offset) != (shown, self._last):
            raise Failed(
                f"{self._where}: the tables have applied {position.seq} records up to {position.next_offset}; "
                f"the log has {shown} there, up to {self._last}"
            )

    async def _compare_shops(self) -> None:
        if foreign := sorted(await self._shown.shops() - self._shops):
            raise Failed(
                f"shop {foreign[0]} is in {self._where} by the tables, but the log has nothing of it there"
            )

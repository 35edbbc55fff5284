"""How far each partition of a log is shown, and what is missing: for `relearn status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncpg import Pool

from projections.positions import Positions, Shown
from projections.projection import Projection


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """One partition. `behind`: how many offsets, markers of transactions included, are not shown."""

    shown: Shown
    behind: int

    @property
    def is_stopped(self) -> bool:
        """Whether it waits at a record that cannot be applied."""
        return self.shown.stopped_offset is not None

    def __str__(self) -> str:
        where = f"{self.shown.topic}[{self.shown.partition}]"
        if self.is_stopped:
            return f"{where} is stopped at {self.shown.stopped_offset}: {self.shown.stopped_reason}"
        return f"{where} is shown up to {self.shown.next_offset}, {self.behind} behind"


async def projection_status(
    pool: Pool, projection: Projection, ends: Mapping[int, int], schema: str | None = None
) -> list[PartitionStatus]:
    """One status for each partition of the log, shown or not. `ends`: its last stable offsets by partition."""
    positions = Positions(schema or projection.name, projection.log)
    known = {shown.partition: shown for shown in await positions.all(pool) if shown.topic == projection.log}
    return [
        PartitionStatus(shown, max(0, ends.get(number, 0) - shown.next_offset))
        for number in sorted({*known, *ends})
        for shown in [known.get(number) or Shown(projection.log, number, 0, 0, None, None, None)]
    ]

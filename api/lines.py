"""Where something comes from, for callers who see only some shops."""

from __future__ import annotations

from api.problems import unavailable
from api.services import Services
from api.writing import Unwritable
from projections.line import Told, line_of
from schemas.access import Caller


async def line_of_entity(known: Services, caller: Caller, domain: str, id: str) -> Told | None:
    """The whole line of an entity; None if nothing was decided about one in the caller's shops.

    Raises:
        Problem: if the log cannot be read now.
    """
    lineage = known.lineages[domain].for_shops(caller.shops)
    if await lineage.trace(id) is None:
        return None
    try:
        settings = known.writing.settings
    except Unwritable as error:
        raise unavailable(f"the log cannot be read: {error}") from error
    async with line_of(settings, known.projections[domain], lineage) as line:
        return await line.entity(id)


async def line_of_record(
    known: Services, caller: Caller, domain: str, partition: int, offset: int
) -> Told | None:
    """What stands at one place of a log; None if nothing does, or nothing that the caller may see.

    Raises:
        Problem: if the log cannot be read now.
    """
    try:
        settings = known.writing.settings
    except Unwritable as error:
        raise unavailable(f"the log cannot be read: {error}") from error
    lineage = known.lineages[domain].for_shops(caller.shops)
    async with line_of(settings, known.projections[domain], lineage) as line:
        told = await line.record(partition, offset)
    if told is None or not (caller.shops is None or caller.sees(told["shop_id"])):
        return None
    return told

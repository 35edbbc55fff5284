"""A reader who has a position reads no older state than that."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict

from fastapi import Request

from api.problems import invalid_field, unavailable
from api.services import services

HEADER = "Relearn-Position"
POSITION = re.compile(r"\s*([a-z]+):(\d{1,6})=(\d{1,18})\s*")
WAIT_SECONDS = 10.0


async def fresh(request: Request) -> None:
    """Waits until the tables show the position that the request names, if it names one.

    Raises:
        Problem: if it names none that can be read, or if the tables do not come so far in time.
    """
    if (said := request.headers.get(HEADER)) is None:
        return
    visible, wanted = services(request).visible, positions(said)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            for domain, offsets in wanted.items():
                if domain not in visible:
                    raise invalid_field(HEADER, f"there is no domain {domain}")
                await visible[domain].until(offsets)
    except TimeoutError:
        raise unavailable(f"the tables do not show that position within {WAIT_SECONDS:g} s") from None


def positions(said: str) -> dict[str, dict[int, int]]:
    """The last offsets to be shown, by domain and partition, of `learning:0=18,learning:3=7` (next offsets).

    Raises:
        Problem: if it is not written so.
    """
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for each in said.split(","):
        if (one := POSITION.fullmatch(each)) is None:
            raise invalid_field(HEADER, "is written as DOMAIN:PARTITION=OFFSET, several with commas")
        found[one[1]][int(one[2])] = int(one[3]) - 1
    return found

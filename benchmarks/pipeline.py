"""The whole pipeline on this machine: rate, latency, and approved items applied.

    python -m benchmarks.pipeline [--events 10000]

Starts the real tree (broker, Postgres, all parts) in a temporary folder. The rate is of events that need no
embedding, from before the first append until the last row is visible.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvloop

from cli.tree import Layout, grown
from cli.up import until_ready
from runtime.appender import Appender
from runtime.clock import SystemClock
from runtime.kafka import producer
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.codec import encode
from schemas.correction import ResponseCorrected
from schemas.event import Event, EventData
from schemas.identity import identity
from schemas.response import ResponseServed
from schemas.review import ApplyRequested, ItemApproved
from streams.batches import Message, send_batches
from streams.enrichment.check import home_of

SHOPS = 20
WARM = 2_000
SINGLE = 100
ITEMS = 100


def response(number: int) -> ResponseServed:
    return ResponseServed(
        conversation_id=uuid4(),
        response_text="Refunds take 14 days from the day on which we receive the parcel.",
        response_type="answer",
        user_engagement_score=float(number % 100),
        response_time_ms=number % 900,
        ab_test_variant="a" if number % 2 else "b",
    )


def event(data: EventData, shop: int) -> Event[Any]:
    return Event(uuid4(), "/benchmarks", datetime.now(UTC), shop, None, data)


class Bench:
    """A producer and a connection to look with."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Bench:
        self._producer = producer(self._settings, linger_ms=5, max_batch_size=256 * 1024)
        await self._producer.start()
        self.appender = Appender(self._producer, self._settings.topic)
        self._conn = await connect(self._settings, "learning")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()
        await self._conn.close()

    async def count(self, query: str, *args: object) -> int:
        found: int = await self._conn.fetchval(query, *args)
        return found

    async def until(self, query: str, expected: int, *args: object, seconds: float = 0.005) -> None:
        """Waits until the query counts so many; `seconds` is how often it is asked: the asking costs, too."""
        while await self.count(query, *args) < expected:  # noqa: ASYNC110 - what is waited for is a row
            await asyncio.sleep(seconds)

    async def send(self, events: Iterable[Event[Any]]) -> None:
        """Appends all, and waits for the broker's word on each."""
        await asyncio.gather(*[await self.appender.send(each) for each in events])

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        """Appends all in whole batches, which takes least from those who are measured."""
        count = self._settings.partitions
        lots = [[m for m in messages if home_of(m.key or b"", count) == home] for home in range(count)]
        name = self._settings.topic(topic)
        await asyncio.gather(
            *[send_batches(self._producer, name, home, lot) for home, lot in enumerate(lots) if lot]
        )

    async def rate(self, number: int) -> float:
        """Events a second from the first append to the last row."""
        before = await self.count("SELECT count(*) FROM response_analytics")
        events = [event(response(n), 1 + n % SHOPS) for n in range(number)]
        raw = [encode(each) for each in events]
        begin = time.perf_counter()
        await asyncio.gather(*[await self.appender.send(*each) for each in zip(events, raw, strict=True)])
        await self.until("SELECT count(*) FROM response_analytics", before + number, seconds=0.05)
        return number / (time.perf_counter() - begin)

    async def latency(self) -> list[float]:
        """Milliseconds from append to visible row, one event at a time."""
        took = []
        for n in range(SINGLE):
            one = event(response(n), 1 + n % SHOPS)
            begin = time.perf_counter()
            await self.send([one])
            await self.until("SELECT count(*) FROM response_analytics WHERE id = $1", 1, one.id)
            took.append(1000 * (time.perf_counter() - begin))
        return took

    async def apply(self) -> float:
        """Seconds from the request until no item of 100 approved ones waits: knowledge, or back for another look."""
        shop, items = 777, await self._approved(777)
        begin = time.perf_counter()
        await self.send([event(ApplyRequested(limit=ITEMS), shop)])
        await self.until(
            "SELECT count(*) FROM learning_queue WHERE shop_id = $1 AND status <> 'approved'", items, shop
        )
        return time.perf_counter() - begin

    async def _approved(self, shop: int) -> int:
        said = [event(correction(n), shop) for n in range(ITEMS)]
        await self.send(said)
        await self.until("SELECT count(*) FROM owner_corrections WHERE shop_id = $1", ITEMS, shop)
        ids: list[UUID] = [identity(shop, each.id, "item") for each in said]
        items = await self.count("SELECT count(*) FROM learning_queue WHERE shop_id = $1", shop)
        await self.send(
            event(ItemApproved(item_id=id, reviewer_id=uuid4(), edited_content=f"Answer {id.hex}"), shop)
            for id in ids
        )
        await self.until(
            "SELECT count(*) FROM learning_queue WHERE shop_id = $1 AND status = 'approved'", items, shop
        )
        return items


WORDS = (
    "bicycle",
    "refund",
    "oven",
    "invoice",
    "garden",
    "passport",
    "violin",
    "window",
    "coffee",
    "hotel",
    "tax",
    "camera",
    "pillow",
    "ferry",
)


def correction(number: int) -> ResponseCorrected:
    """One of a hundred corrections of different topics."""
    first, second = WORDS[number % len(WORDS)], WORDS[(number // len(WORDS) + number) % len(WORDS)]
    return ResponseCorrected(
        conversation_id=uuid4(),
        question=f"{first} {second} {number:03d}: which of the two is delivered on street {number}?",
        original_response="I am not sure.",
        corrected_answer=f"The {first}, at number {number}.",
    )


async def main(number: int = 10_000, say: Callable[[str], None] = print) -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory(prefix="relearn-bench-") as folder:
        async with grown(Layout(Path(folder)), SystemClock(), say) as tree:
            await until_ready(tree)
            async with Bench(tree.settings) as bench:
                await bench.rate(WARM)
                rates = [await bench.rate(number) for _ in range(3)]
                say(f"{number} events without embedding: {statistics.median(rates):,.0f} events/s to rows "
                    f"(of {', '.join(f'{rate:,.0f}' for rate in rates)})")  # fmt: skip
                took = sorted(await bench.latency())
                say(
                    f"event to row: p50 {statistics.median(took):.0f} ms, p95 {took[int(0.95 * SINGLE)]:.0f} ms"
                )
                say(f"{ITEMS} approved items applied in {await bench.apply():.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    uvloop.run(main(parser.parse_args().events))

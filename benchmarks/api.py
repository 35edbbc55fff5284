"""The HTTP API on this machine: events accepted, searches, and many clients at once.

    python -m benchmarks.api [--events 4000] [--knowledge 100000] [--seconds 120]

Starts the real tree in a temporary folder and calls its API as services do. The bare producer of the same run is the
limit. Clients and servers share the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import aiosql
import orjson
import uvloop

from benchmarks.pipeline import SHOPS, Bench, event, response
from cli.keys import minted
from cli.tree import Layout, Tree, grown
from cli.up import until_ready
from projections.learning.projection import PROJECTION
from projections.learning.queries import LearningQueries
from runtime.clock import SystemClock
from runtime.embedding import Embedder
from runtime.keys import put_key
from runtime.postgres import connect, create_pool
from runtime.reading import end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.access import Role
from schemas.codec import encode
from schemas.topics import LEARNING

ONE_BY_ONE = 16
"""Clients that send single events, at once."""
IN_BATCHES = 4
BATCH = 100
CLIENTS = 200
SHOP = 900
"""Has the knowledge that is searched."""
QUESTIONS = 200
STEP = 5_000
MS = 1000.0

Say = Callable[[str], None]


class Caller:
    """One who calls, with a key of its own."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._session, self._url = session, url
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def post(self, path: str, body: bytes, kind: str = "application/json") -> tuple[int, Any]:
        headers = {**self._headers, "Content-Type": kind}
        async with self._session.post(self._url + path, data=body, headers=headers) as answer:
            return answer.status, orjson.loads(await answer.read())

    async def get(self, path: str, **parameters: str) -> tuple[int, Any]:
        async with self._session.get(self._url + path, params=parameters, headers=self._headers) as answer:
            return answer.status, orjson.loads(await answer.read())


@asynccontextmanager
async def callers(tree: Tree, count: int, role: Role = "service") -> AsyncIterator[list[Caller]]:
    clock = SystemClock()
    made = [minted(role, None, f"caller {n}", clock.now()) for n in range(count)]
    for key, _ in made:
        await put_key(tree.settings, key)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        found = [Caller(session, tree.api, secret) for _, secret in made]
        # The keys are known some milliseconds after they were made.
        while (await found[-1].get("/api/knowledge/search", q="x", shop_id="1"))[0] == 401:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        yield found


def body(number: int) -> bytes:
    said = response(number).model_dump(mode="json", exclude_none=True)
    return orjson.dumps({**said, "shop_id": 1 + number % SHOPS})


def batch(first: int) -> bytes:
    events = (event(response(n), 1 + n % SHOPS) for n in range(first, first + BATCH))
    return b"[" + b",".join(encode(each) for each in events) + b"]"


async def timed(work: Awaitable[tuple[int, Any]], expected: int) -> float:
    """Milliseconds."""
    begin = time.perf_counter()
    status, told = await work
    assert status == expected, told
    return MS * (time.perf_counter() - begin)


async def rate(who: Sequence[Caller], path: str, bodies: Sequence[bytes], kind: str, each: int) -> str:
    """How many events a second are accepted, and how long one request takes."""
    left, took = iter(bodies), list[float]()

    async def send(caller: Caller) -> None:
        for said in left:
            took.append(await timed(caller.post(path, said, kind), 202))

    begin = time.perf_counter()
    await asyncio.gather(*(send(caller) for caller in who))
    seconds = time.perf_counter() - begin
    return f"{each * len(bodies) / seconds:,.0f} events/s, {spread(took)}"


def spread(took: Sequence[float]) -> str:
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return f"p50 {cuts[49]:.1f}, p99 {cuts[98]:.1f} ms a request"


async def accepted(tree: Tree, number: int, say: Say) -> None:
    async with Bench(tree.settings) as bench, callers(tree, ONE_BY_ONE) as who:
        raw = [event(response(n), 1 + n % SHOPS) for n in range(5 * number)]
        begin = time.perf_counter()
        await bench.send(raw)
        say(f"the bare producer: {len(raw) / (time.perf_counter() - begin):,.0f} events/s acknowledged")
        bodies = [body(n) for n in range(number)]
        await rate(who, "/api/responses", bodies[: number // 10], "application/json", 1)
        say(f"one by one: {await rate(who, '/api/responses', bodies, 'application/json', 1)}")
        lots = [batch(BATCH * n) for n in range(5 * number // BATCH)]
        kind = "application/cloudevents-batch+json"
        say(f"batches of {BATCH}: {await rate(who[:IN_BATCHES], '/api/events', lots, kind, BATCH)}")


async def searched(tree: Tree, rows: int, say: Say) -> None:
    """Latency of a search with its question's embedding, and of the query alone."""
    settings = tree.settings
    conn, sql = (
        await connect(settings, "learning"),
        aiosql.from_path(Path(__file__).with_name("api.sql"), "asyncpg"),
    )
    begin = time.perf_counter()
    for first in range(1, rows + 1, STEP):
        await sql.fill_knowledge(conn, shop_id=SHOP, first=first, last=min(first + STEP - 1, rows))
    await sql.tidy(conn)
    await conn.close()
    say(f"{rows:,} rows of knowledge written in {time.perf_counter() - begin:.0f} s")
    questions = [f"When does my order number {7 * n} arrive at home?" for n in range(QUESTIONS)]
    async with callers(tree, 1) as (caller,), await create_pool(settings, "learning", max_size=1) as pool:
        asked = [lambda q=q: caller.get("/api/knowledge/search", q=q, shop_id=str(SHOP)) for q in questions]
        for ask in asked[:20]:
            await timed(ask(), 200)
        say(
            f"search over HTTP, its embedding included: {spread([await timed(ask(), 200) for ask in asked[20:]])}"
        )
        embedder = await asyncio.to_thread(Embedder, settings.embedding_model)
        vectors = [each.vector for each in await embedder.embed(questions)]
        embedder.close()
        reading = LearningQueries(pool, PROJECTION).for_shops([SHOP])
        took = []
        for question, vector in zip(questions, vectors, strict=True):
            begin = time.perf_counter()
            assert len(await reading.explained(SHOP, question, vector, 5)) == 5
            took.append(MS * (time.perf_counter() - begin))
        say(f"the same without HTTP and embedding, as the reader of one shop: {spread(took[20:])}")


async def many(tree: Tree, seconds: float, say: Say) -> None:
    """Many clients at once: no error, and every accepted id stands in the log's input."""
    numbers, sent, statuses, took = itertools.count(), set[UUID](), dict[int, int](), list[float]()

    async def go_on(caller: Caller, until: float) -> None:
        while time.perf_counter() < until:
            begin = time.perf_counter()
            status, told = await caller.post("/api/responses", body(next(numbers)))
            took.append(MS * (time.perf_counter() - begin))
            statuses[status] = statuses.get(status, 0) + 1
            if status == 202:
                sent.add(UUID(told["event_id"]))

    async with callers(tree, CLIENTS) as who:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(go_on(caller, until) for caller in who))
    found = await appended(tree.settings)
    say(f"{CLIENTS} clients for {seconds:g} s: {len(sent) / seconds:,.0f} events/s, {spread(took)}")
    say(f"answers by status: {statuses}")
    say(f"{len(sent):,} accepted, {len(sent - found):,} of them missing in the log")


async def appended(settings: Settings) -> set[UUID]:
    """The ids of all events of services."""
    tps = await tps_of(settings, LEARNING.inputs[0])
    found = set()
    async with reader(settings, *tps) as consumer:
        for tp in tps:
            async for lot in read(consumer, tp, 0, await end_of(consumer, tp)):
                found |= {UUID(orjson.loads(message.value)["id"]) for message in lot}
    return found


async def main(options: argparse.Namespace, say: Say = print) -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory(prefix="relearn-bench-") as folder:
        async with grown(Layout(Path(folder)), SystemClock(), say) as tree:
            await until_ready(tree)
            await accepted(tree, options.events, say)
            await many(tree, options.seconds, say)
            await searched(tree, options.knowledge, say)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=4_000)
    parser.add_argument("--knowledge", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=120)
    uvloop.run(main(parser.parse_args()))

"""How many inputs a second one enricher answers: without texts, and with texts against the bare encoder.

    python -m benchmarks.bench_enricher [--inputs 40000] [--texts 2000] [--threads N] [questions.csv]

Starts an embedded broker and one real worker in a process of its own. A rate is taken between the broker's
append times of the first batch and the last enriched message, so neither start-up nor reading counts. The bare
encoder runs alone, before and after the worker, so that other work on the machine slows both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median, quantiles
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.bench_encoder import generated, rate, read
from runtime import kafka
from runtime.embedded.kafka import EmbeddedKafka
from runtime.embedding import Embedder
from runtime.encoder import Encoder
from runtime.logging import configure_logging
from runtime.sentiment import sentiment_analyser
from runtime.settings import Settings, load_settings
from schemas.topics import LEARNING
from streams.enrichment.check import home_of
from streams.enrichment.enricher import Enricher
from streams.enrichment.faust_app import RUN
from streams.enrichment.watchdog import Lag
from streams.enrichment.worker import BATCH, Served, Surroundings, run

EVENTS = LEARNING.inputs[0].name
SHOPS = 50
TOGETHER = BATCH * RUN
"""Inputs in one batch, at most."""
ROUNDS = 200
"""Single events, one after the other, for the latency."""


class Unheard:
    """An observer that nobody asks."""

    def progressed(self, inputs: int, seconds: float) -> None: ...

    def lagging(self, lag: Lag) -> None: ...

    def assigned(self) -> None: ...


def event(kind: str, shop: int, data: dict[str, Any]) -> bytes:
    said = {"specversion": "1.0", "id": str(uuid4()), "source": "benchmark", "type": kind, "shopid": shop}
    return orjson.dumps(said | {"time": datetime.now(UTC).isoformat(), "data": data})


def served(number: int) -> tuple[int, bytes]:
    """An event without a text to embed, about 400 bytes."""
    data = {
        "conversation_id": str(uuid4()),
        "response_text": f"We open at ten. {number}",
        "response_type": "hours",
    }
    shop = number % SHOPS + 1
    return shop, event("relearn.response.served.v1", shop, data)


def proposed(number: int, text: str) -> tuple[int, bytes]:
    """An event with one text to embed."""
    shop = number % SHOPS + 1
    return shop, event("relearn.knowledge.proposed.v1", shop, {"content": text})


async def measure(settings: Settings, inputs: Sequence[tuple[int, bytes]], threads: int | None) -> float:
    """Inputs a second."""
    await kafka.create_topics(settings, LEARNING)
    await append(settings, inputs)
    with worker(settings, threads):
        times = await appended_at(settings, len(inputs))
    # The work on the first batch was done before its messages came.
    times = sorted(times)[TOGETHER - 1 :]
    return (len(times) - 1) / (times[-1] - times[0]) * 1000


async def append(settings: Settings, inputs: Sequence[tuple[int, bytes]]) -> None:
    async with kafka.producer(settings, linger_ms=20) as client:
        sent = [await send(client, settings, shop, value) for shop, value in inputs]
        await asyncio.gather(*sent)


async def send(client: Any, settings: Settings, shop: int, value: bytes) -> Any:
    key = str(shop).encode()
    return await client.send(
        settings.topic(EVENTS), value, key=key, partition=home_of(key, settings.partitions)
    )


async def appended_at(settings: Settings, count: int) -> list[int]:
    """When the enriched messages of so many inputs were appended, milliseconds."""
    times: list[int] = []
    async with kafka.consumer(settings, settings.topic(LEARNING.enriched.name)) as client:
        while len(times) < count:
            for records in (await client.getmany(timeout_ms=500)).values():
                times += [record.timestamp for record in records]
    return times


async def latency(settings: Settings, threads: int | None) -> list[float]:
    """Milliseconds from the beginning of an append until the enriched message has come, sorted."""
    await kafka.create_topics(settings, LEARNING)
    found = []
    with worker(settings, threads):
        async with (
            kafka.producer(settings) as client,
            kafka.consumer(settings, settings.topic(LEARNING.enriched.name)) as enriched,
        ):
            for number in range(ROUNDS + 1):
                began = perf_counter()
                await send(client, settings, *served(number))
                while not await enriched.getmany(timeout_ms=60_000):
                    pass
                found.append((perf_counter() - began) * 1000)
    return sorted(found[1:])


@contextmanager
def worker(settings: Settings, threads: int | None) -> Iterator[None]:
    """This file as a worker, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_enricher", "--work"]
    command += [] if threads is None else ["--threads", str(threads)]
    child = subprocess.Popen(command, env={**os.environ, **settings.environment()})
    try:
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


def work(threads: int | None) -> None:
    """Enriches as the settings in the environment say, until SIGTERM."""
    settings = load_settings()
    configure_logging(settings.log_level)
    enricher = Enricher(
        LEARNING,
        Embedder(settings.embedding_model, threads=threads),
        sentiment_analyser("none"),
        settings.partitions,
    )
    run(settings, [Served(LEARNING, enricher, Unheard())], Surroundings())


async def compare(inputs: int, texts: Sequence[str], threads: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedKafka(Path(folder))
        address = await broker.start()

        def settings(prefix: str) -> Settings:
            return Settings(
                kafka_bootstrap_servers=address, database_url="postgresql://unused", topic_prefix=prefix
            )

        try:
            without = await measure(settings("a."), [served(number) for number in range(inputs)], threads)
            say(f"without texts: {without:.0f} inputs/s")
            encoder = Encoder("all-MiniLM-L6-v2", threads=threads)
            before = rate(encoder, texts[: 2 * TOGETHER], repeats=1)
            enriched = await measure(
                settings("b."), [proposed(n, text) for n, text in enumerate(texts)], threads
            )
            bare = mean([before, rate(encoder, texts[: 2 * TOGETHER], repeats=1)])
            say(f"with texts: {enriched:.0f} texts/s; bare encoder: {bare:.0f}; {enriched / bare:.0%} of it")
            waits = await latency(settings("c."), threads)
            say(f"one event alone: median {median(waits):.0f} ms, p95 {quantiles(waits, n=20)[-1]:.0f} ms")
        finally:
            await broker.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("csv", nargs="?", type=Path)
    parser.add_argument("--inputs", type=int, default=40_000)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--threads", type=int, help="of the model, both times")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    said = parser.parse_args(arguments)
    if said.work:
        work(said.threads)
    texts = read(said.csv, said.texts) if said.csv else generated(said.texts)
    asyncio.run(compare(said.inputs, texts, said.threads))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

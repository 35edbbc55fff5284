"""One event is followed from the command that appends it to its row, by what a collector is told."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from cli.status import until_caught_up
from runtime import kafka, tracing
from runtime.embedded.ports import HOST, free_port
from runtime.settings import Settings
from schemas.examples import example_of
from schemas.topics import LEARNING, every_topic
from tests.cli.running import relearn
from tests.faults.parts import ROOT, part
from tests.faults.tables import messages

KIND = "relearn.response.served.v1"
PARTS = ("enricher", "decider", "projector")


class Collector:
    """Takes what parts tell, and keeps it by the part that told it."""

    def __init__(self) -> None:
        self.endpoint = f"http://{HOST}:{free_port()}"
        self.spans: list[tuple[str, Span]] = []
        self._grown = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            [name] = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            self.spans += [(name, span) for scope in resource.scope_spans for span in scope.spans]
        self._grown.set()
        return web.Response()

    async def until(self, count: int) -> dict[str, Span]:
        """Waits until so many spans have come; returns them by the part that told them."""
        async with asyncio.timeout(60):
            while len(self.spans) < count:
                self._grown.clear()
                await self._grown.wait()
        found = dict(self.spans)
        assert len(found) == len(self.spans) == count
        return found


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    collector = Collector()
    served = web.Application()
    served.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(served)
    await runner.setup()
    await web.TCPSite(runner, HOST, int(collector.endpoint.rpartition(":")[2])).start()
    yield collector
    await runner.cleanup()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded is told at once."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")


@pytest.fixture
async def traced(settings: Settings, collector: Collector, soon: None) -> Settings:
    await kafka.create_topics(settings, every_topic())
    return settings.model_copy(update={"otlp_endpoint": collector.endpoint})


def line(folder: Path) -> Path:
    """A file with one event."""
    path = folder / "event.jsonl"
    path.write_bytes(orjson.dumps(example_of(KIND, uuid4(), datetime.now(UTC))))
    return path


async def produce(settings: Settings, path: Path) -> None:
    """In a process of its own: traces belong to a process."""
    env = {**os.environ, **settings.environment(), "PYTHONPATH": str(ROOT)}
    words = (sys.executable, "-m", "cli.main", "produce", str(path))
    child = await asyncio.create_subprocess_exec(*words, env=env, cwd=ROOT)
    assert await child.wait() == 0


async def run_all_parts(settings: Settings) -> None:
    async with part("enricher", settings), part("decider", settings), part("projector", settings):
        await until_caught_up(settings, 60)


async def test_a_trace_goes_from_produce_to_the_row_if_the_sender_began_one(
    traced: Settings, collector: Collector, tmp_path: Path
) -> None:
    await produce(traced.model_copy(update={"otlp_endpoint": None}), line(tmp_path))
    await produce(traced, line(tmp_path))
    async with part("enricher", traced), part("decider", traced), part("projector", traced):
        spans = await collector.until(4)
    sent = spans["relearn-produce"]
    events, enriched, log = (
        traced.topic(t.name) for t in (LEARNING.inputs[0], LEARNING.enriched, LEARNING.log)
    )
    assert sent.name == f"send {events}"
    assert not sent.parent_span_id
    names = {f"relearn-{name}": spans[f"relearn-{name}"].name for name in PARTS}
    assert names == {
        "relearn-enricher": f"enrich {events}",
        "relearn-decider": f"decide {enriched}",
        "relearn-projector": f"show {log}",
    }
    handled = [spans[f"relearn-{name}"] for name in PARTS]
    assert {span.trace_id for span in handled} == {sent.trace_id}
    assert {span.parent_span_id for span in handled} == {sent.span_id}
    ends = [span.end_time_unix_nano for span in (sent, *handled)]
    assert ends == sorted(ends)
    assert all(span.start_time_unix_nano < span.end_time_unix_nano for span in handled)


async def test_without_an_endpoint_a_senders_trace_goes_on_to_the_log(
    settings: Settings, tmp_path: Path
) -> None:
    await kafka.create_topics(settings, every_topic())
    event = example_of(KIND, uuid4(), datetime.now(UTC))
    context = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with kafka.producer(settings) as producer:
        done = await producer.send_and_wait(
            settings.topic(LEARNING.inputs[0].name),
            orjson.dumps(event),
            key=b"%d" % event["shopid"],
            headers=[context, ("other", b"stays behind")],
        )
    await run_all_parts(settings)
    [*_, record] = await messages(settings, LEARNING.log.name, done.partition)
    assert record.headers == (context,)


async def test_an_endpoint_without_the_packages_is_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    env = {**settings.environment(), "RELEARN_OTLP_ENDPOINT": "http://nowhere.invalid"}
    done = await relearn("topics", "list", env=env)
    assert done.exit_code == 1
    assert "relearn[telemetry]" in done.stderr
    assert "unexpected" not in done.stderr


def test_rubbish_in_a_header_stops_nothing() -> None:
    class Message:
        partition, offset = 0, 0
        headers = (("traceparent", b"\xff\x00rubbish"), ("tracestate", b"\xfe"))

    tracing.handled("decide", "topic", 0, [Message()])

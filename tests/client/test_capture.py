"""Telemetry never disturbs what it observes: bad arguments, a full buffer, brokers that are away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from relearn_client import TelemetryCapture
from relearn_client.models import TaskFeedbackGiven, TaskStarted
from tests.client.telling import NOBODY, ROUTING, kinds, told


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The address of one that answers nobody, and whether somebody has come."""
    met, over = asyncio.Event(), asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await over.wait()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", met
        over.set()


def capture_of(capacity: int = 100) -> TelemetryCapture:
    return TelemetryCapture(NOBODY, "/orchestrator", capacity=capacity, close_seconds=0.2)


async def test_events_come_as_fields_or_as_models() -> None:
    capture = capture_of()
    assert capture.routed(**ROUTING)
    assert capture.started(task_id="t", pool_id="p", started_at="2025-06-01T12:30:00Z")
    assert capture.completed(task_id="t", success=True, duration_seconds=1)
    assert capture.feedback(TaskFeedbackGiven(task_id="t", by="ann", accepted=True))
    assert kinds(await told(capture)) == ["routed", "started", "completed", "feedback-given"]


def test_what_is_no_event_is_counted_and_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    capture = capture_of()
    started = TaskStarted(task_id="t", pool_id="p", started_at="2025-06-01T12:30:00Z")
    assert not capture.completed(task_id="t", success=True)
    assert not capture.completed(started)  # type: ignore[arg-type]
    assert not capture.started(started, pool_id="q")
    assert not capture.feedback(task_id="t", by="ann", comment="a\0b")
    assert not capture.feedback(task_id="t", by="ann", comment="a\ud800b")
    assert not capture.routed(**ROUTING, metadata={"a": object()})
    assert (capture.failed, capture.dropped, len(caplog.messages)) == (6, 0, 6)
    assert caplog.messages[0].startswith("a TaskCompleted was not recorded: 1 validation error")


def test_a_log_that_fails_disturbs_nothing() -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("the disk is full")

    logger, broken = logging.getLogger("relearn_client"), Broken()
    logger.addHandler(broken)
    try:
        capture = capture_of(capacity=1)
        assert not capture.completed(nothing=True)
        for _ in range(3):
            capture.completed(task_id="t", success=True, duration_seconds=1)
    finally:
        logger.removeHandler(broken)
    assert (capture.failed, capture.dropped) == (1, 2)


async def test_without_a_broker_the_task_goes_on_and_the_end_comes_in_time() -> None:
    with at_most(3.0):
        async with capture_of() as capture, capture.task(routed=ROUTING) as task:
            await asyncio.sleep(0.05)
            task.quality = 91.0
    assert (capture.sent, capture.dropped, capture.failed) == (0, 3, 0)


async def test_with_nothing_to_send_the_end_comes_at_once() -> None:
    async with silent_server() as (address, met):
        async with TelemetryCapture(address, "/orchestrator", close_seconds=60):
            await asyncio.wait_for(met.wait(), 10)
            began = time.monotonic()
        assert time.monotonic() - began < 10


async def test_a_broker_that_never_answers_is_left_in_time() -> None:
    async with silent_server() as (address, met):
        async with TelemetryCapture(address, "/orchestrator", close_seconds=0.2) as capture:
            capture.completed(task_id="t", success=True, duration_seconds=1)
            await asyncio.wait_for(met.wait(), 10)
            began = time.monotonic()
        assert time.monotonic() - began < 10
    assert (capture.sent, capture.dropped) == (0, 1)


async def test_without_a_broker_no_more_than_the_capacity_waits(caplog: pytest.LogCaptureFixture) -> None:
    async with capture_of(capacity=10) as capture:
        with at_most(2.0):
            for number in range(1000):
                capture.completed(task_id=f"t{number}", success=True, duration_seconds=1)
        assert capture.dropped == 990
    assert capture.dropped == 1000
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("relearn_client")]
    assert ours.count("telemetry is dropped: the buffer is full") == 1
    assert ours[-1] == "10 telemetry events were dropped at the end"


async def test_an_absent_broker_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with capture_of() as capture:
        capture.completed(task_id="t", success=True, duration_seconds=1)
        while capture._delivery._pause < 0.3:
            await asyncio.sleep(0.01)
    waits = [message for message in caplog.messages if message.startswith("telemetry waits for the broker")]
    assert len(waits) == 1


async def test_after_the_end_events_are_dropped() -> None:
    async with capture_of() as capture:
        pass
    capture.completed(task_id="t", success=True, duration_seconds=1)
    assert (capture.dropped, capture.failed) == (1, 0)


async def test_an_end_that_comes_twice_counts_once() -> None:
    async with capture_of() as capture:
        capture.completed(task_id="t", success=True, duration_seconds=1)
        await asyncio.sleep(0.05)
        await capture.close()
    assert capture.dropped == 1


async def test_nothing_is_left_running() -> None:
    before = asyncio.all_tasks()
    async with capture_of() as capture:
        capture.completed(task_id="t", success=True, duration_seconds=1)
    assert asyncio.all_tasks() == before


async def test_options_that_aiokafka_refuses_are_told_before_any_task_is_watched() -> None:
    with pytest.raises(TypeError, match="no_such_option"):
        await TelemetryCapture(NOBODY, "/orchestrator", no_such_option=1).start()
    with pytest.raises(TypeError, match="acks"):
        await TelemetryCapture(NOBODY, "/orchestrator", acks=0).start()

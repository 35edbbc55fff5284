"""A task that is watched: what is recorded of it, and that it never notices."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from relearn_client import TelemetryCapture
from relearn_client.failures import error_message, error_type
from relearn_client.models import TaskRouted
from schemas.codec import decode
from schemas.topics import EXECUTIONS
from tests.client.telling import NOBODY, ROUTING, kinds, told

NOW = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def capture_at(*seconds: float, **options: Any) -> TelemetryCapture:
    """A capture that is not started, whose clock says these seconds one after the other."""
    return TelemetryCapture(
        NOBODY, "/orchestrator", now=lambda: NOW, monotonic=iter(seconds).__next__, **options
    )


def watched() -> TelemetryCapture:
    """It begins at 10 and ends at 12.5 seconds."""
    return capture_at(10.0, 12.5)


async def ended(capture: TelemetryCapture) -> dict[str, Any]:
    events = await told(capture)
    assert kinds(events)[-1] == "completed"
    said: dict[str, Any] = events[-1]["data"]
    return said


async def test_a_task_is_routed_begins_and_ends() -> None:
    capture = watched()
    async with capture.task(routed=ROUTING, pool_id="pool-3"):
        assert kinds(await told(capture)) == ["routed", "started"]
    assert await ended(capture) == {"task_id": "billing-4711", "success": True, "duration_seconds": 2.5}


async def test_what_is_told_is_what_relearn_reads() -> None:
    capture = watched()
    async with capture.task(routed=TaskRouted(**ROUTING, metadata={"a": 1}), pool_id="pool-3"):
        pass
    events = await told(capture)
    read = [decode(orjson.dumps(event), EXECUTIONS.types, strict=True) for event in events]
    assert {event.subject for event in read} == {"billing-4711"}
    assert read[0].data.model_dump()["metadata"] == {"a": 1}
    assert read[1].data.model_dump() == {"task_id": "billing-4711", "pool_id": "pool-3", "started_at": NOW}


async def test_the_body_says_more() -> None:
    capture = watched()
    async with capture.task(**ROUTING) as task:
        task.quality, task.cost, task.solution_summary = 91.0, 0.15, "Compare in the shop's own zone."
    said = await ended(capture)
    assert (said["quality_score"], said["cost_actual"]) == (91.0, 0.15)
    assert said["solution_summary"] == "Compare in the shop's own zone."


async def test_a_task_may_fail_without_an_exception() -> None:
    capture = watched()
    async with capture.task(routed=ROUTING) as task:
        task.success, task.error_type = False, "model_error"
    said = await ended(capture)
    assert (said["success"], said["error_type"]) == (False, "model_error")


async def test_without_a_pool_of_its_own_it_is_known_by_its_type() -> None:
    capture = watched()
    async with capture.task(routed=ROUTING):
        assert (await told(capture))[1]["data"]["pool_id"] == "container"


async def test_an_exception_is_told_and_goes_on_as_it_is() -> None:
    capture = watched()
    raised = TimeoutError("no answer within an hour")
    with pytest.raises(TimeoutError) as caught:
        async with capture.task(routed=ROUTING):
            raise raised
    assert caught.value is raised
    said = await ended(capture)
    assert (said["success"], said["error_type"], said["duration_seconds"]) == (False, "timeout", 2.5)
    assert said["error_message"] == "TimeoutError: no answer within an hour"


async def test_a_cancelled_task_is_told_and_cancelled() -> None:
    capture = watched()

    async def body() -> None:
        async with capture.task(routed=ROUTING):
            await asyncio.Event().wait()

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ended(capture))["error_type"] == "cancelled"


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        (PermissionError(), "permission"),
        (ConnectionRefusedError(), "dependency"),
        (MemoryError(), "resource_exhausted"),
        (ValueError(), "validation"),
        (KeyboardInterrupt(), "cancelled"),
        (Mute(), "unknown"),
    ],
)
def test_an_exception_has_a_word_of_the_contract(failure: BaseException, word: str) -> None:
    assert error_type(failure) == word


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Mute(), "Mute"),
        (RuntimeError(), "RuntimeError"),
        (RuntimeError("a\0b\ud800"), "RuntimeError: a b?"),
        (RuntimeError("x" * 40_000), "RuntimeError: " + "x" * 31_986),
    ],
)
def test_its_message_is_told_as_far_as_it_can_be_sent(failure: BaseException, said: str) -> None:
    assert error_message(failure) == said


@pytest.mark.parametrize(
    "routed",
    [None, {}, {"task_id": "t"}, {**ROUTING, "file_count": "many"}, {7: 8}, 7, "abc", {**ROUTING, "size": 3}],
)
async def test_a_task_goes_on_whatever_its_routing_is(routed: Any) -> None:
    capture = watched()
    done = False
    async with capture.task(routed=routed):
        done = True
    assert done
    assert capture.failed >= 1


async def test_of_a_bad_routing_the_end_of_the_task_is_told_all_the_same() -> None:
    capture = watched()
    async with capture.task(routed={**ROUTING, "file_count": "many"}):
        pass
    assert kinds(await told(capture)) == ["started", "completed"]
    assert capture.failed == 1


async def test_if_the_body_says_nonsense_the_end_is_told_without_it() -> None:
    capture = watched()
    async with capture.task(routed=ROUTING) as task:
        task.quality = "great"  # type: ignore[assignment]
        task.no_such_thing = 7  # type: ignore[attr-defined]
    assert await ended(capture) == {"task_id": "billing-4711", "success": True, "duration_seconds": 2.5}
    assert capture.failed == 1

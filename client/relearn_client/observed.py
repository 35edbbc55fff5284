"""A task while it is watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

from relearn_client.failures import error_message, error_type
from relearn_client.models import ErrorType


class Recorder(Protocol):
    """Who writes down what is seen; none of it raises."""

    def routed(self, **fields: Any) -> bool: ...
    def started(self, **fields: Any) -> bool: ...
    def completed(self, **fields: Any) -> bool: ...


class ObservedTask:
    """Records, around its body, that a task was routed, began and ended; what the body raises goes on.

    The body may say more of the task: set `quality` (0 to 100), `cost`, `solution_summary`, `tokens_used`,
    `peak_memory_mb`, `cpu_time_seconds`; `success` to False where it failed without an exception; `error_type` and
    `error_message` where it knows better than the exception.
    """

    success: bool = True
    quality: float | None = None
    cost: float | None = None
    solution_summary: str | None = None
    tokens_used: int | None = None
    peak_memory_mb: float | None = None
    cpu_time_seconds: float | None = None
    error_type: ErrorType | None = None
    error_message: str | None = None

    def __init__(
        self,
        recorder: Recorder,
        routed: Mapping[str, Any],
        pool_id: str | None,
        now: Callable[[], Any],
        monotonic: Callable[[], float],
    ) -> None:
        """Without a `pool_id`, the pool is known by its type alone."""
        self._recorder = recorder
        self._routed = routed
        self._pool_id = pool_id if pool_id is not None else routed.get("pool_type")
        self._now = now
        self._monotonic = monotonic
        self._began = 0.0

    @property
    def task_id(self) -> Any:
        """The task's id, as its routing says it."""
        return self._routed.get("task_id")

    async def __aenter__(self) -> Self:
        self._recorder.routed(**self._routed)
        self._recorder.started(task_id=self.task_id, pool_id=self._pool_id, started_at=self._now())
        self._began = self._monotonic()
        return self

    async def __aexit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        seconds = self._monotonic() - self._began
        if failure is not None:
            self._fail(failure)
        bare = {"task_id": self.task_id, "success": self.success, "duration_seconds": seconds}
        # That the task ended is told even if what else the body said of it cannot be.
        if not self._recorder.completed(**bare, **self._said()):
            self._recorder.completed(**bare)

    def _fail(self, failure: BaseException) -> None:
        self.success = False
        self.error_type = self.error_type or error_type(failure)
        self.error_message = self.error_message or error_message(failure)

    def _said(self) -> dict[str, Any]:
        return {
            "quality_score": self.quality,
            "cost_actual": self.cost,
            "solution_summary": self.solution_summary,
            "tokens_used": self.tokens_used,
            "peak_memory_mb": self.peak_memory_mb,
            "cpu_time_seconds": self.cpu_time_seconds,
            "error_type": self.error_type,
            "error_message": self.error_message,
        }

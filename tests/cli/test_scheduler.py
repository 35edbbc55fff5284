"""What a scheduler tells of its jobs."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry

from cli.chores import Job, jobs_of
from cli.scheduler import Rounds
from runtime.health import Health
from runtime.settings import Settings
from tests.cli.running import relearn
from tests.clock import StoppedClock


async def test_a_job_that_fails_is_told_until_it_is_done_again() -> None:
    clock, registry, health, fails = StoppedClock(1000.0), CollectorRegistry(), Health([]), [True, False]

    async def do(_: Any) -> str:
        clock.seconds += 7
        if fails.pop(0):
            raise ValueError("no broker")
        return "1 tick"

    def told(name: str, **more: str) -> float | None:
        return registry.get_sample_value(f"relearn_job_{name}", {"job_name": "tick", **more})

    shop: Any = None
    turn = Rounds(shop, health, registry, clock).turn("tick", Job(do, {"second": 0}, "every minute"))
    await turn()
    assert (told("failed"), told("done_timestamp_seconds")) == (1, None)
    assert health.parts["tick"].reason == "failed: ValueError: no broker"
    await turn()
    assert (told("failed"), told("done_timestamp_seconds"), told("seconds_sum")) == (0, 1014, 14)
    assert (told("runs_total", outcome="failed"), told("runs_total", outcome="done")) == (1, 1)
    assert health.is_ready


def test_only_jobs_of_domains_that_are_served_are_run(settings: Settings) -> None:
    def served(*domains: str) -> set[str]:
        return set(jobs_of(settings.model_copy(update={"domains": domains})))

    assert served("learning", "executions") - served("learning") == {"derive-solutions"}
    assert served("executions") == {"tick", "advance-retention", "derive-solutions"}


async def test_a_job_of_another_domain_is_refused(settings: Settings) -> None:
    done = await relearn(
        "jobs", "run", "derive-solutions", env=settings.environment() | {"RELEARN_DOMAINS": "learning"}
    )
    assert done.exit_code == 1
    assert "derive-solutions is a job of a domain that is not served here: learning is" in done.stderr

"""What the dashboard shows: one row for each part, and before them what matters most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runtime.figures import READY, Deciding, Enriching, Projecting, Scheduling, Serving
from runtime.metrics import Counted, Gauged, Spread

Unit = Literal["short", "s", "ops", "bytes", "bool"]


@dataclass(frozen=True)
class Query:
    """One set of lines, and what they are called: `{{label}}` stands for a label's value."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One diagram."""

    title: str
    unit: Unit
    queries: tuple[Query, ...]


def rate(counted: Counted | Gauged, by: str, legend: str) -> Query:
    """How much it grows in a second."""
    grouped = f" by ({by}) " if by else ""
    return Query(f"sum{grouped}(rate({counted.series}[5m]))", legend)


def most(gauged: Gauged, by: str, legend: str) -> Query:
    """The largest one, wherever it is told."""
    grouped = f" by ({by})" if by else ""
    return Query(f"max{grouped} ({gauged.series})", legend)


def quantiles(spread: Spread, by: str = "", legend: str = "") -> tuple[Query, ...]:
    """What half of them, and what 19 of 20, do not exceed."""
    grouped = f"le, {by}" if by else "le"
    return tuple(
        Query(
            f"histogram_quantile({part}, sum by ({grouped}) (rate({spread.series}[5m])))",
            f"{legend} {name}".strip(),
        )
        for part, name in ((0.5, "median"), (0.95, "95 %"))
    )


def took(counter: Counted, within: str, by: str, legend: str) -> Query:
    """How often it happened in so long a time."""
    return Query(f"sum by ({by}) (increase({counter.series}[{within}]))", legend)


PARTITION = "{{domain}} {{partition}}"
SHOWN = "{{projection}} {{partition}}"
ROUTE = "{{method}} {{route}}"
_STATE = Deciding.STATE.series

ROWS: dict[str, tuple[Panel, ...]] = {
    "From event to row": (
        Panel(
            "Events a second",
            "ops",
            (
                rate(Enriching.INPUTS, "", "enriched"),
                rate(Deciding.RECORDS, "", "decided"),
                rate(Projecting.RECORDS, "", "shown"),
            ),
        ),
        Panel(
            "The oldest that waits",
            "s",
            (
                most(Enriching.LAG_SECONDS, "", "for an enricher"),
                most(Deciding.LAG_SECONDS, "", "for a decider"),
                most(Projecting.LAG_SECONDS, "", "for a projector"),
            ),
        ),
        Panel(
            "Refused, waiting and stopped partitions",
            "short",
            (
                Query(f'sum({_STATE}{{state="refused"}})', "refused"),
                Query(f'sum({_STATE}{{state="waiting"}})', "waiting for an input"),
                Query(f"sum({Projecting.STOPPED.series})", "stopped at a record"),
            ),
        ),
        Panel(
            "Ready", "bool", (Query(f"min by (part, instance) ({READY.series})", "{{part}} {{instance}}"),)
        ),
        Panel(
            "Dead letters an hour",
            "short",
            (took(Deciding.DEAD_LETTERS, "1h", "domain, reason", "{{domain}} {{reason}}"),),
        ),
        Panel(
            "New assignments in 15 minutes",
            "short",
            (
                Query(f"max(increase({Enriching.REBALANCES.series}[15m]))", "enrichers"),
                Query(f"max(increase({Deciding.REBALANCES.series}[15m]))", "deciders"),
                Query(f"max(increase({Projecting.REBALANCES.series}[15m]))", "projectors"),
            ),
        ),
    ),
    "Enrichers": (
        Panel("Inputs that wait", "short", (Query(f"sum({Enriching.LAG.series})", "inputs"),)),
        Panel("Since the last progress", "s", (most(Enriching.IDLE, "instance", "{{instance}}"),)),
        Panel("Inputs in a batch", "short", quantiles(Enriching.BATCH)),
        Panel("Time of a batch", "s", quantiles(Enriching.BATCH_SECONDS)),
        Panel("Time of encoding", "s", quantiles(Enriching.ENCODE)),
        Panel(
            "Texts a second",
            "ops",
            (
                rate(Enriching.ENCODED, "", "encoded"),
                rate(Enriching.FOUND, "", "known already"),
            ),
        ),
    ),
    "Deciders": (
        Panel("Records a second", "ops", (rate(Deciding.RECORDS, "domain, partition", PARTITION),)),
        Panel("Enriched messages that wait", "short", (most(Deciding.LAG, "domain, partition", PARTITION),)),
        Panel(
            "Seconds that the oldest waits",
            "s",
            (most(Deciding.LAG_SECONDS, "domain, partition", PARTITION),),
        ),
        Panel("Records in a transaction", "short", quantiles(Deciding.BATCH, "domain", "{{domain}}")),
        Panel("Time of a transaction", "s", quantiles(Deciding.TRANSACTION, "domain", "{{domain}}")),
        Panel(
            "Age of snapshots",
            "s",
            (Query(f"time() - max by (domain, partition) ({Deciding.SNAPSHOT.series})", PARTITION),),
        ),
        Panel(
            "Repeated, absent and passed over in an hour",
            "short",
            (
                took(Deciding.REPEATS, "1h", "domain", "{{domain}} seen again"),
                took(Deciding.ABSENT, "1h", "domain", "{{domain}} absent"),
                took(Deciding.PASSED_OVER, "1h", "domain", "{{domain}} behind a missing one"),
            ),
        ),
        Panel(
            "Failures in an hour",
            "short",
            (
                took(Deciding.FAILURES, "1h", "domain", "{{domain}} tried again"),
                took(Deciding.TAKEN_OVER, "1h", "domain", "{{domain}} taken over"),
                took(Deciding.SNAPSHOT_FAILURES, "1h", "domain", "{{domain}} snapshots not written"),
            ),
        ),
        Panel(
            "Records in the log",
            "short",
            (most(Deciding.SEQ, "domain, partition", PARTITION),),
        ),
    ),
    "Projectors": (
        Panel("Records a second", "ops", (rate(Projecting.RECORDS, "projection, partition", SHOWN),)),
        Panel(
            "How old the tables are",
            "s",
            (Query(f"time() - max by (projection, partition) ({Projecting.DECIDED.series})", SHOWN),),
        ),
        Panel("Offsets not shown", "short", (most(Projecting.LAG, "projection, partition", SHOWN),)),
        Panel(
            "Records in a transaction", "short", quantiles(Projecting.BATCH, "projection", "{{projection}}")
        ),
        Panel(
            "Time of a transaction", "s", quantiles(Projecting.TRANSACTION, "projection", "{{projection}}")
        ),
        Panel("Time of writing vectors", "s", quantiles(Projecting.VECTORS, "statement", "{{statement}}")),
        Panel("Rows a second", "ops", (rate(Projecting.ROWS, "statement", "{{statement}}"),)),
        Panel(
            "Rows without effect a second",
            "ops",
            (rate(Projecting.WITHOUT_EFFECT, "statement", "{{statement}}"),),
        ),
    ),
    "HTTP API": (
        Panel("Requests a second", "ops", (rate(Serving.REQUESTS, "status", "{{status}}"),)),
        Panel("Requests a second by route", "ops", (rate(Serving.REQUESTS, "route, method", ROUTE),)),
        Panel("Time until an answer begins", "s", quantiles(Serving.SECONDS, "route, method", ROUTE)),
        Panel("Events accepted a second", "ops", (rate(Serving.ACCEPTED, "domain", "{{domain}}"),)),
        Panel(
            "Waits for an effect in an hour",
            "short",
            (took(Serving.WAITS, "1h", "domain, outcome", "{{domain}} {{outcome}}"),),
        ),
        Panel(
            "Refused for being too many, in an hour",
            "short",
            (
                Query(
                    f'sum by (route) (increase({Serving.REQUESTS.series}{{status="429"}}[1h]))', "{{route}}"
                ),
            ),
        ),
    ),
    "Jobs and processes": (
        Panel(
            "Runs of jobs in an hour",
            "short",
            (took(Scheduling.RUNS, "1h", "job_name, outcome", "{{job_name}} {{outcome}}"),),
        ),
        Panel("Time of jobs", "s", quantiles(Scheduling.SECONDS, "job_name", "{{job_name}}")),
        Panel(
            "Since jobs were done",
            "s",
            (Query(f"time() - max by (job_name) ({Scheduling.DONE.series})", "{{job_name}}"),),
        ),
        Panel(
            "Memory",
            "bytes",
            (Query("process_resident_memory_bytes and on (instance) relearn_info", "{{instance}}"),),
        ),
        Panel(
            "Processor time",
            "short",
            (Query("rate(process_cpu_seconds_total[5m]) and on (instance) relearn_info", "{{instance}}"),),
        ),
        Panel(
            "Open files",
            "short",
            (Query("process_open_fds and on (instance) relearn_info", "{{instance}}"),),
        ),
    ),
}

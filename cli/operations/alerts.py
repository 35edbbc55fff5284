"""What an operator is told of, and when: each alert with the page of the runbook that says what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from runtime.figures import READY, Deciding, Enriching, Projecting, Scheduling, Serving
from runtime.metrics import INFO, Counted, Spread

RUNBOOK = "docs/operations.md"

PARTS = ("enricher", "decider", "projector", "scheduler", "api")

Severity = Literal["critical", "warning"]
"""critical: somebody should look now, nothing goes on by itself. warning: somebody should look today."""


@dataclass(frozen=True)
class Alert:
    """One rule. `lasting`: how long the expression must hold, as Prometheus writes it."""

    name: str
    expr: str
    lasting: str
    severity: Severity
    summary: str

    @property
    def anchor(self) -> str:
        """Its place in the runbook: `RelearnTickLate` is at `relearn-tick-late`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.name).lower()

    @property
    def runbook(self) -> str:
        """Where it says what to do, as a path in the repository."""
        return f"{RUNBOOK}#{self.anchor}"


def slow(spread: Spread, more_than: float, by: str = "", where: str = "") -> str:
    """One in twenty takes longer than so many seconds. Give a bound that is a bucket's."""
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile(0.95, sum by ({grouped}) (rate({spread.series}{where}[10m]))) > {more_than:g}"


def share(counted: Counted, where: str, more_than: float, by: str = "") -> str:
    """Of all of them, more than this part is so."""
    grouped = f" by ({by})" if by else ""
    some, all_ = (f"sum{grouped} (rate({counted.series}{each}[10m]))" for each in (where, ""))
    return f"{some} / {all_} > {more_than:g}"


def often(counted: Counted, more_than: int, within: str, by: str) -> str:
    """It happened more often than so many times."""
    return f"sum by ({by}) (increase({counted.series}[{within}])) > {more_than}"


def _rebalanced() -> str:
    counted = {
        "enricher": Enriching.REBALANCES,
        "decider": Deciding.REBALANCES,
        "projector": Projecting.REBALANCES,
    }
    return " or ".join(
        f'label_replace(max(increase({of.series}[15m])) > 6, "part", "{part}", "", "")'
        for part, of in counted.items()
    )


_AT = "{{ $labels.domain }} partition {{ $labels.partition }}"
_SHOWN_AT = "{{ $labels.projection }} partition {{ $labels.partition }}"
_STATE = Deciding.STATE.series
_DECIDED = Projecting.DECIDED.series
_FAILED = '{status=~"5.."}'

ALERTS = (
    Alert(
        "RelearnPartMissing",
        " or ".join(f'absent({INFO}_info{{part="{part}"}})' for part in PARTS),
        "5m",
        "critical",
        "no {{ $labels.part }} tells anything",
    ),
    Alert(
        "RelearnNotReady",
        f"min by (part, instance) ({READY.series}) == 0",
        "10m",
        "warning",
        "the {{ $labels.part }} at {{ $labels.instance }} is not ready; its /health says why",
    ),
    Alert(
        "RelearnRestarting",
        f"changes(process_start_time_seconds[30m]) > 3 and on (instance) {INFO}_info",
        "0m",
        "warning",
        "the part at {{ $labels.instance }} starts again and again",
    ),
    Alert(
        "RelearnNothingDecided",
        f"sum by (domain) (increase({Deciding.RECORDS.series}[10m])) == 0",
        "5m",
        "critical",
        "nothing was decided in {{ $labels.domain }}, not even a tick",
    ),
    Alert(
        "RelearnEnricherBehind",
        f"max({Enriching.LAG_SECONDS.series}) > 300",
        "5m",
        "warning",
        "inputs wait for {{ $value | humanizeDuration }} to be enriched",
    ),
    Alert(
        "RelearnDeciderBehind",
        f"max by (domain, partition) ({Deciding.LAG_SECONDS.series}) > 300",
        "5m",
        "warning",
        f"{_AT}: what is enriched waits for {{{{ $value | humanizeDuration }}}} to be decided",
    ),
    Alert(
        "RelearnProjectionBehind",
        f"time() - max by (projection, partition) ({_DECIDED}) > 300"
        f" unless on (projection, partition) {Projecting.STOPPED.series} == 1",
        "5m",
        "warning",
        f"{_SHOWN_AT}: the tables are {{{{ $value | humanizeDuration }}}} behind",
    ),
    Alert(
        "RelearnPartitionRefused",
        f'max by (domain, partition) ({_STATE}{{state="refused"}}) == 1',
        "1m",
        "critical",
        f"{_AT} is refused; `relearn status` says why",
    ),
    Alert(
        "RelearnInputMissing",
        f'max by (domain, partition) ({_STATE}{{state="waiting"}}) == 1',
        "2m",
        "critical",
        f"{_AT} waits for an input that was not enriched",
    ),
    Alert(
        "RelearnInputsAbsent",
        often(Deciding.ABSENT, 0, "1h", "domain, partition"),
        "0m",
        "warning",
        f"{_AT}: the broker no longer had {{{{ $value | humanize }}}} inputs",
    ),
    Alert(
        "RelearnDeadLetters",
        often(Deciding.DEAD_LETTERS, 10, "15m", "domain, reason"),
        "0m",
        "warning",
        "{{ $labels.domain }}: {{ $value | humanize }} dead letters in 15 minutes ({{ $labels.reason }})",
    ),
    Alert(
        "RelearnProjectionStopped",
        f"max by (projection, partition) ({Projecting.STOPPED.series}) == 1",
        "1m",
        "critical",
        f"{_SHOWN_AT} stands at a record that cannot be applied",
    ),
    Alert(
        "RelearnSnapshotOld",
        f"time() - max by (domain, partition) ({Deciding.SNAPSHOT.series}) > 3600"
        f' and on (domain, partition) {_STATE}{{state="live"}} == 1',
        "5m",
        "warning",
        f"{_AT}: the snapshot is {{{{ $value | humanizeDuration }}}} old",
    ),
    Alert(
        "RelearnSnapshotFailing",
        often(Deciding.SNAPSHOT_FAILURES, 0, "30m", "domain, partition"),
        "0m",
        "warning",
        f"{_AT}: snapshots cannot be written",
    ),
    Alert(
        "RelearnRebalancing", _rebalanced(), "0m", "warning", "the {{ $labels.part }}s' group does not settle"
    ),
    Alert(
        "RelearnTakenOver",
        often(Deciding.TAKEN_OVER, 3, "30m", "domain"),
        "0m",
        "warning",
        "deciders of {{ $labels.domain }} take partitions from each other",
    ),
    Alert(
        "RelearnTransactionsFailing",
        often(Deciding.FAILURES, 3, "15m", "domain, partition"),
        "0m",
        "warning",
        f"{_AT}: the log cannot be written, and is tried again",
    ),
    Alert(
        "RelearnTransactionsSlow",
        slow(Deciding.TRANSACTION, 5.0, "domain"),
        "10m",
        "warning",
        "{{ $labels.domain }}: transactions of the log take {{ $value | humanizeDuration }}",
    ),
    Alert(
        "RelearnDatabaseSlow",
        slow(Projecting.TRANSACTION, 5.0, "projection"),
        "10m",
        "warning",
        "{{ $labels.projection }}: transactions of the tables take {{ $value | humanizeDuration }}",
    ),
    Alert(
        "RelearnVectorsSlow",
        slow(Projecting.VECTORS, 2.5, "projection, statement"),
        "10m",
        "warning",
        "{{ $labels.statement }} takes {{ $value | humanizeDuration }} to write vectors",
    ),
    Alert(
        "RelearnEncodingSlow",
        slow(Enriching.ENCODE, 10.0),
        "10m",
        "warning",
        "the model takes {{ $value | humanizeDuration }} for a batch",
    ),
    Alert(
        "RelearnJobFailing",
        f"max by (job_name) ({Scheduling.FAILED.series}) == 1",
        "15m",
        "warning",
        "the job {{ $labels.job_name }} fails",
    ),
    Alert(
        "RelearnTickLate",
        f'time() - max({Scheduling.DONE.series}{{job_name="tick"}}) > 300',
        "0m",
        "critical",
        "no tick was sent for {{ $value | humanizeDuration }}",
    ),
    Alert(
        "RelearnApiFailing",
        f"{share(Serving.REQUESTS, _FAILED, 0.05)} and sum(increase({Serving.REQUESTS.series}{_FAILED}[10m])) > 10",
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of the API's answers are failures",
    ),
    Alert(
        "RelearnApiSlow",
        slow(Serving.SECONDS, 2.5, "route", '{method="GET"}'),
        "10m",
        "warning",
        "{{ $labels.route }} takes {{ $value | humanizeDuration }} to answer",
    ),
    Alert(
        "RelearnApiWaitsLate",
        share(Serving.WAITS, '{outcome="late"}', 0.5, "domain"),
        "10m",
        "warning",
        "{{ $labels.domain }}: of those who wait for what they sent, {{ $value | humanizePercentage }} wait in vain",
    ),
    Alert(
        "RelearnApiLimited",
        f'sum by (route) (increase({Serving.REQUESTS.series}{{status="429"}}[15m])) > 100',
        "0m",
        "warning",
        "{{ $labels.route }}: {{ $value | humanize }} requests in 15 minutes were too many for their callers",
    ),
)

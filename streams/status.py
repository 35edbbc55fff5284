"""How the partitions of a decider are doing: for health, metrics and `relearn status`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Standing = Literal["opening", "live", "waiting", "refused"]
"""opening: the log is being read. waiting: an input has not been enriched. refused: it cannot go on."""


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """One partition. `reason` is one sentence for a person, empty while it is live."""

    partition: int
    state: Standing
    reason: str
    checkpoint: int
    """The enriched offset of the last record; -1: none yet."""
    seq: int
    """Records so far."""
    lag: int | None
    """Enriched messages not read yet; None where that is not known."""


class Meters:
    """What a decider tells Prometheus."""

    def __init__(
        self, domain: str, registry: CollectorRegistry, status: Callable[[], Iterable[PartitionStatus]]
    ) -> None:
        names = ("domain", "partition")
        self._domain = domain
        self._records = Counter("relearn_decider_records", "Records written.", names, registry=registry)
        self._repeats = Counter("relearn_decider_repeats", "Inputs seen again.", names, registry=registry)
        self._holes = Counter(
            "relearn_decider_passed_over",
            "Inputs dropped behind one that is missing.",
            names,
            registry=registry,
        )
        self._seconds = Histogram(
            "relearn_decider_transaction_seconds", "Time of a transaction.", ("domain",), registry=registry
        )
        registry.register(_StatusCollector(domain, status))

    def wrote(self, partition: int, records: int, seconds: float) -> None:
        """A transaction was committed."""
        self._records.labels(self._domain, partition).inc(records)
        self._seconds.labels(self._domain).observe(seconds)

    def repeated(self, partition: int) -> None:
        self._repeats.labels(self._domain, partition).inc()

    def passed_over(self, partition: int) -> None:
        self._holes.labels(self._domain, partition).inc()


class _StatusCollector(Collector):
    """Asks for the status whenever Prometheus does."""

    def __init__(self, domain: str, status: Callable[[], Iterable[PartitionStatus]]) -> None:
        self._domain, self._status = domain, status

    def describe(self) -> Iterable[Metric]:
        return list(self._families().values())

    def collect(self) -> Iterator[Metric]:
        families = self._families()
        for each in self._status():
            labels = [self._domain, str(each.partition)]
            families["checkpoint"].add_metric(labels, each.checkpoint)
            families["seq"].add_metric(labels, each.seq)
            if each.lag is not None:
                families["lag"].add_metric(labels, each.lag)
            for state in get_args(Standing):
                families["state"].add_metric([*labels, state], float(each.state == state))
        yield from families.values()

    @staticmethod
    def _families() -> dict[str, GaugeMetricFamily]:
        told = {
            "checkpoint": "Enriched offset of the last record.",
            "seq": "Records in the log.",
            "lag": "Enriched messages not read yet.",
            "state": "1 for the state that the partition is in.",
        }
        return {
            name: GaugeMetricFamily(
                f"relearn_decider_{name}",
                about,
                labels=["domain", "partition", *(["state"] if name == "state" else [])],
            )
            for name, about in told.items()
        }

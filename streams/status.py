"""How the partitions of a decider are doing: for health, metrics and `relearn status`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from runtime.figures import Deciding
from runtime.metrics import once
from schemas.outcome import DeadLettered, InputAbsent
from schemas.record import Record
from streams.reasons import reason_class

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
    lag_seconds: float = 0.0
    """How long the oldest of them can have been waiting."""
    idle_seconds: float = 0.0
    """Since the last progress, or the last moment without anything to do."""
    saved_at: float | None = None
    """When its snapshot was written, in seconds since 1970; None where there is none."""

    @property
    def has_work(self) -> bool:
        """Whether it should move: it opens, or has something to decide, and states no reason why it does not."""
        return self.state == "opening" or (self.state == "live" and bool(self.lag))


class Meters:
    """What a decider tells Prometheus."""

    def __init__(
        self, domain: str, registry: CollectorRegistry, status: Callable[[], Iterable[PartitionStatus]]
    ) -> None:
        self._domain = domain
        self._records = Deciding.RECORDS.on(registry)
        self._repeats = Deciding.REPEATS.on(registry)
        self._holes = Deciding.PASSED_OVER.on(registry)
        self._absent = Deciding.ABSENT.on(registry)
        self._dead = Deciding.DEAD_LETTERS.on(registry)
        self._batch = Deciding.BATCH.on(registry).labels(domain)
        self._seconds = Deciding.TRANSACTION.on(registry).labels(domain)
        self._rebalances = Deciding.REBALANCES.on(registry).labels(domain)
        self._taken = Deciding.TAKEN_OVER.on(registry)
        self._failures = Deciding.FAILURES.on(registry)
        self._unsaved = Deciding.SNAPSHOT_FAILURES.on(registry)
        once(registry, _StatusCollector, lambda: _StatusCollector(registry)).asks[domain] = status

    def wrote(self, partition: int, records: Sequence[Record], seconds: float) -> None:
        """A transaction with these records was committed."""
        self._records.labels(self._domain, partition).inc(len(records))
        self._batch.observe(len(records))
        self._seconds.observe(seconds)
        for record in records:
            for outcome in record.outcomes:
                if isinstance(outcome, DeadLettered):
                    self._dead.labels(self._domain, reason_class(outcome.reason)).inc()
                elif isinstance(outcome, InputAbsent):
                    absent = outcome.last - outcome.first + 1
                    self._absent.labels(self._domain, partition).inc(absent)

    def repeated(self, partition: int) -> None:
        self._repeats.labels(self._domain, partition).inc()

    def passed_over(self, partition: int) -> None:
        self._holes.labels(self._domain, partition).inc()

    def assigned(self) -> None:
        """The group's partitions were divided anew."""
        self._rebalances.inc()

    def taken_over(self, partition: int) -> None:
        self._taken.labels(self._domain, partition).inc()

    def failed(self, partition: int) -> None:
        """An opening or a transaction is to be tried again."""
        self._failures.labels(self._domain, partition).inc()

    def not_saved(self, partition: int) -> None:
        """A snapshot could not be written."""
        self._unsaved.labels(self._domain, partition).inc()


class _StatusCollector(Collector):
    """Asks for the status whenever Prometheus does."""

    TOLD = (Deciding.CHECKPOINT, Deciding.SEQ, Deciding.LAG, Deciding.LAG_SECONDS)

    def __init__(self, registry: CollectorRegistry) -> None:
        self.asks: dict[str, Callable[[], Iterable[PartitionStatus]]] = {}
        """Whom to ask, by domain."""
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        return [told.family() for told in (*self.TOLD, Deciding.STATE, Deciding.SNAPSHOT)]

    def collect(self) -> Iterator[Metric]:
        families = [told.family() for told in self.TOLD]
        state, snapshot = Deciding.STATE.family(), Deciding.SNAPSHOT.family()
        for domain, each in ((name, one) for name, status in self.asks.items() for one in status()):
            labels = [domain, str(each.partition)]
            values = (each.checkpoint, each.seq, each.lag, None if each.lag is None else each.lag_seconds)
            for family, value in zip(families, values, strict=True):
                _add(family, labels, value)
            _add(snapshot, labels, each.saved_at)
            for name in get_args(Standing):
                state.add_metric([*labels, name], float(each.state == name))
        yield from (*families, state, snapshot)


def _add(family: GaugeMetricFamily, labels: list[str], value: float | None) -> None:
    """What is not known is not told."""
    if value is not None:
        family.add_metric(labels, value)

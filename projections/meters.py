"""What a projection tells Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from runtime.figures import Projecting


class Meters:
    """The numbers of one projection."""

    def __init__(self, projection: str, registry: CollectorRegistry) -> None:
        self._name = projection
        self._records = Projecting.RECORDS.on(registry)
        self._batch = Projecting.BATCH.on(registry).labels(projection)
        self._transaction = Projecting.TRANSACTION.on(registry).labels(projection)
        self._vectors = Projecting.VECTORS.on(registry)
        self._rows = Projecting.ROWS.on(registry)
        self._without_effect = Projecting.WITHOUT_EFFECT.on(registry)
        self._offset = Projecting.NEXT_OFFSET.on(registry)
        self._decided = Projecting.DECIDED.on(registry)
        self._lag = Projecting.LAG.on(registry)
        self._lag_seconds = Projecting.LAG_SECONDS.on(registry)
        self._stopped = Projecting.STOPPED.on(registry)
        self._rebalances = Projecting.REBALANCES.on(registry).labels(projection)

    def wrote(self, statement: str, rows: int, effective: int) -> None:
        """A statement was executed for `rows` rows and changed `effective` of them."""
        self._rows.labels(self._name, statement).inc(effective)
        if effective < rows:
            self._without_effect.labels(self._name, statement).inc(rows - effective)

    def wrote_vectors(self, statement: str, seconds: float) -> None:
        """A statement that writes vectors took so long."""
        self._vectors.labels(self._name, statement).observe(seconds)

    def moved(self, partition: int, records: int, next_offset: int, decided_at: int) -> None:
        """A batch was applied; `decided_at` in milliseconds."""
        self._records.labels(self._name, partition).inc(records)
        self._batch.observe(records)
        self._offset.labels(self._name, partition).set(next_offset)
        self._decided.labels(self._name, partition).set(decided_at / 1000)
        self._stopped.labels(self._name, partition).set(0)

    def committed(self, seconds: float) -> None:
        """A transaction took so long, from waiting for a connection to its end."""
        self._transaction.observe(seconds)

    def lagging(self, partition: int, lag: int, seconds: float) -> None:
        """So many offsets are not shown yet; the oldest has waited for so long."""
        self._lag.labels(self._name, partition).set(lag)
        self._lag_seconds.labels(self._name, partition).set(seconds)

    def stopped(self, partition: int) -> None:
        """A record cannot be applied."""
        self._stopped.labels(self._name, partition).set(1)

    def assigned(self) -> None:
        """The group's partitions were divided anew."""
        self._rebalances.inc()

    def left(self, partition: int) -> None:
        """The partition is another projector's concern now."""
        for gauge in (self._offset, self._decided, self._lag, self._lag_seconds, self._stopped):
            gauge.remove(self._name, str(partition))

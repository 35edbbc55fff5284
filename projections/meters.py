"""What a projection tells Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Meters:
    """The numbers of one projection."""

    def __init__(self, projection: str, registry: CollectorRegistry) -> None:
        self._name = projection
        self._records = Counter(
            "relearn_projection_records", "Records applied.", ("projection", "partition"), registry=registry
        )
        self._rows = Counter(
            "relearn_projection_rows", "Rows written.", ("projection", "statement"), registry=registry
        )
        self._without_effect = Counter(
            "relearn_projection_rows_without_effect",
            "Rows that changed nothing: they were there already, or what they change is gone.",
            ("projection", "statement"),
            registry=registry,
        )
        self._offset = Gauge(
            "relearn_projection_next_offset",
            "The next offset.",
            ("projection", "partition"),
            registry=registry,
        )
        self._decided = Gauge(
            "relearn_projection_decided_seconds",
            "Decision time of the last record applied, in seconds since 1970.",
            ("projection", "partition"),
            registry=registry,
        )
        self._stopped = Gauge(
            "relearn_projection_stopped",
            "1 where a record cannot be applied.",
            ("projection", "partition"),
            registry=registry,
        )

    def wrote(self, statement: str, rows: int, effective: int) -> None:
        """A statement was executed for `rows` rows and changed `effective` of them."""
        self._rows.labels(self._name, statement).inc(effective)
        if effective < rows:
            self._without_effect.labels(self._name, statement).inc(rows - effective)

    def moved(self, partition: int, records: int, next_offset: int, decided_at: int) -> None:
        """A batch was applied; `decided_at` in milliseconds."""
        self._records.labels(self._name, partition).inc(records)
        self._offset.labels(self._name, partition).set(next_offset)
        self._decided.labels(self._name, partition).set(decided_at / 1000)
        self._stopped.labels(self._name, partition).set(0)

    def stopped(self, partition: int) -> None:
        """A record cannot be applied."""
        self._stopped.labels(self._name, partition).set(1)

    def left(self, partition: int) -> None:
        """The partition is another projector's concern now."""
        for gauge in (self._offset, self._decided, self._stopped):
            gauge.remove(self._name, str(partition))

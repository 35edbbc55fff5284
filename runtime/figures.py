"""Every number of relearn's own, declared once: parts tell them, and dashboard and alerts are made from them."""

from __future__ import annotations

from runtime.metrics import Counted, Gauged, Spread, Told

TIMES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)

LOG = ("domain", "partition")
SHOWN = ("projection", "partition")
WRITTEN = ("projection", "statement")
ROUTED = ("route", "method", "status")

READY = Gauged("relearn_ready", "1 where all of a process is ready.", ("part",))


class Enriching:
    """What enrichers tell."""

    INPUTS = Counted("relearn_enriched_inputs", "Inputs enriched.", ("domain",))
    LAG = Gauged("relearn_enricher_lag", "Inputs that wait.", ("domain",))
    LAG_SECONDS = Gauged(
        "relearn_enricher_lag_seconds", "Seconds that the oldest of them has waited, at most.", ("domain",)
    )
    IDLE = Gauged("relearn_enricher_idle_seconds", "Seconds since the last progress.", ("domain",))
    BATCH = Spread("relearn_enricher_batch_inputs", "Inputs enriched at once.", ("domain",), SIZES)
    BATCH_SECONDS = Spread(
        "relearn_enricher_batch_seconds", "Time until a batch was enriched and durable.", ("domain",), TIMES
    )
    ENCODE = Spread(
        "relearn_encode_seconds", "Time in which the model encoded the texts of a batch.", buckets=TIMES
    )
    ENCODED = Gauged("relearn_texts_encoded", "Texts that the model encoded.")
    FOUND = Gauged("relearn_texts_found", "Texts whose vector was known.")
    REBALANCES = Counted("relearn_enricher_rebalances", "New assignments of partitions.", ("domain",))


class Deciding:
    """What deciders tell."""

    RECORDS = Counted("relearn_decider_records", "Records written.", LOG)
    BATCH = Spread("relearn_decider_batch_records", "Records in a transaction.", ("domain",), SIZES)
    TRANSACTION = Spread("relearn_decider_transaction_seconds", "Time of a transaction.", ("domain",), TIMES)
    REPEATS = Counted("relearn_decider_repeats", "Inputs seen again.", LOG)
    PASSED_OVER = Counted("relearn_decider_passed_over", "Inputs dropped behind one that is missing.", LOG)
    ABSENT = Counted("relearn_decider_absent_inputs", "Inputs that the broker no longer had.", LOG)
    DEAD_LETTERS = Counted(
        "relearn_decider_dead_letters",
        "Inputs that can never be decided, by class of reason.",
        ("domain", "reason"),
    )
    REBALANCES = Counted("relearn_decider_rebalances", "New assignments of partitions.", ("domain",))
    TAKEN_OVER = Counted("relearn_decider_taken_over", "Times that another decider took a partition.", LOG)
    FAILURES = Counted("relearn_decider_failures", "Openings and transactions to be tried again.", LOG)
    CHECKPOINT = Gauged("relearn_decider_checkpoint", "Enriched offset of the last record.", LOG)
    SEQ = Gauged("relearn_decider_seq", "Records in the log.", LOG)
    LAG = Gauged("relearn_decider_lag", "Enriched messages not read yet.", LOG)
    LAG_SECONDS = Gauged(
        "relearn_decider_lag_seconds", "Seconds that the oldest of them has waited, at most.", LOG
    )
    STATE = Gauged("relearn_decider_state", "1 for the state that the partition is in.", (*LOG, "state"))
    SNAPSHOT = Gauged(
        "relearn_decider_snapshot_timestamp_seconds",
        "When the partition's snapshot was written, in seconds since 1970.",
        LOG,
    )
    SNAPSHOT_FAILURES = Counted(
        "relearn_decider_snapshot_failures", "Snapshots that could not be written.", LOG
    )


class Projecting:
    """What projectors tell."""

    RECORDS = Counted("relearn_projection_records", "Records applied.", SHOWN)
    BATCH = Spread("relearn_projection_batch_records", "Records in a transaction.", ("projection",), SIZES)
    TRANSACTION = Spread(
        "relearn_projection_transaction_seconds", "Time of a transaction.", ("projection",), TIMES
    )
    VECTORS = Spread(
        "relearn_projection_vector_seconds",
        "Time of a statement that writes vectors, and so their HNSW indexes.",
        WRITTEN,
        TIMES,
    )
    ROWS = Counted("relearn_projection_rows", "Rows written.", WRITTEN)
    WITHOUT_EFFECT = Counted(
        "relearn_projection_rows_without_effect",
        "Rows that changed nothing: they were there already, or what they change is gone.",
        WRITTEN,
    )
    NEXT_OFFSET = Gauged("relearn_projection_next_offset", "The next offset.", SHOWN)
    DECIDED = Gauged(
        "relearn_projection_decided_seconds",
        "Decision time of the last record applied, in seconds since 1970.",
        SHOWN,
    )
    LAG = Gauged("relearn_projection_lag", "Offsets, markers of transactions included, not shown yet.", SHOWN)
    LAG_SECONDS = Gauged(
        "relearn_projection_lag_seconds", "Seconds that the oldest of them has waited, at most.", SHOWN
    )
    STOPPED = Gauged("relearn_projection_stopped", "1 where a record cannot be applied.", SHOWN)
    REBALANCES = Counted("relearn_projection_rebalances", "New assignments of partitions.", ("projection",))


class Scheduling:
    """What schedulers tell. Prometheus has a `job` of its own: that of whoever it asks."""

    RUNS = Counted("relearn_job_runs", "Jobs run.", ("job_name", "outcome"))
    SECONDS = Spread(
        "relearn_job_seconds", "Time of a job.", ("job_name",), (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
    )
    DONE = Gauged(
        "relearn_job_done_timestamp_seconds", "When it was last done, in seconds since 1970.", ("job_name",)
    )
    FAILED = Gauged("relearn_job_failed", "1 where the last run failed.", ("job_name",))


class Serving:
    """What the API tells. Routes are told as they are declared: what stands in a path may be personal."""

    REQUESTS = Counted("relearn_api_requests", "Requests answered.", ROUTED)
    SECONDS = Spread("relearn_api_seconds", "Time until an answer began.", ("route", "method"), TIMES)
    ACCEPTED = Counted("relearn_api_accepted_events", "Events accepted, durable at the brokers.", ("domain",))
    WAITS = Counted(
        "relearn_api_waits",
        "Requests that asked to wait for their effect, by whether it was visible in time.",
        ("domain", "outcome"),
    )


def figures() -> list[Told]:
    """All of them."""
    parts = (Enriching, Deciding, Projecting, Scheduling, Serving)
    return [READY, *(told for part in parts for told in vars(part).values() if isinstance(told, Told))]

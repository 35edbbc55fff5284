-- How far each partition of the log is shown. seq counts the records applied; decided_at is the last one's time.
-- stopped_*: the record that cannot be applied, and why; empty again when it could be.
CREATE TABLE positions (
    topic          TEXT NOT NULL,
    partition      INTEGER NOT NULL,
    next_offset    BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    decided_at     TIMESTAMPTZ,
    stopped_offset BIGINT,
    stopped_reason TEXT,
    PRIMARY KEY (topic, partition)
);

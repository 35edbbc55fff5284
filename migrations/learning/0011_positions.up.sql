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

-- Which partition a shop is in. Retention is decided for each partition and must not touch another's shops, for
-- they may be shown up to another time.
CREATE TABLE shops (
    shop_id   INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL
);

CREATE INDEX idx_shops_partition ON shops (partition);

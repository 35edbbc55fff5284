\ir ../common/positions.up.sql

-- Which partition a shop is in. Retention is decided for each partition and must not touch another's shops, for
-- they may be shown up to another time.
CREATE TABLE shops (
    shop_id   INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL
);

CREATE INDEX idx_shops_partition ON shops (partition);

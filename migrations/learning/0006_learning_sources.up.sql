-- What an item's confidence rests on: one row per event that proposed or corroborated it. similarity is to the
-- item at that time, 4 decimals; the source that proposed the item has none.
CREATE TABLE learning_sources (
    shop_id         INTEGER NOT NULL,
    item_id         UUID NOT NULL,
    source_id       UUID NOT NULL,
    source_type     VARCHAR(20) NOT NULL
        CHECK (source_type IN ('feedback', 'correction', 'transcript', 'manual')),
    conversation_id UUID,
    actor_id        TEXT,
    base_confidence INTEGER NOT NULL CHECK (base_confidence BETWEEN 0 AND 100),
    similarity      NUMERIC(5, 4),
    at              TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, item_id, source_id)
);

CREATE INDEX idx_sources_source ON learning_sources (shop_id, source_id);

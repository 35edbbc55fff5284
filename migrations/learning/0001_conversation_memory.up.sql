-- Conversations. A row may first be a stub (shop_id and id): something about the conversation was decided
-- before the conversation itself arrived, so everything else is nullable.
CREATE TABLE conversation_memory (
    shop_id    INTEGER NOT NULL,
    id         UUID NOT NULL,
    user_id    VARCHAR,
    channel    VARCHAR,
    transcript TEXT,
    summary    TEXT,
    embedding  VECTOR(:dimensions),
    metadata   JSONB,
    created_at TIMESTAMPTZ,
    PRIMARY KEY (shop_id, id)
);

CREATE INDEX idx_conversation_created_at ON conversation_memory (shop_id, created_at);
CREATE INDEX idx_conversation_user ON conversation_memory (shop_id, user_id);

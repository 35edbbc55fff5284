-- Calls, with or without a conversation.
CREATE TABLE voice_transcripts (
    shop_id           INTEGER NOT NULL,
    id                UUID NOT NULL,
    conversation_id   UUID,
    transcript        TEXT NOT NULL,
    processed_summary TEXT,
    embedding         VECTOR(:dimensions),
    sentiment         VARCHAR(20) CHECK (sentiment IN ('positive', 'neutral', 'negative', 'mixed')),
    entities          JSONB NOT NULL DEFAULT '{}',
    learning_insights JSONB NOT NULL DEFAULT '{}',
    metadata          JSONB NOT NULL DEFAULT '{}',
    created_at        TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation_memory (shop_id, id) ON DELETE CASCADE
);

CREATE INDEX idx_transcripts_conversation ON voice_transcripts (shop_id, conversation_id);
CREATE INDEX idx_transcripts_sentiment ON voice_transcripts (shop_id, sentiment);
CREATE INDEX idx_transcripts_created_at ON voice_transcripts (shop_id, created_at);
CREATE INDEX idx_transcripts_entities ON voice_transcripts USING gin (entities);
CREATE INDEX idx_transcripts_negative ON voice_transcripts (conversation_id, created_at)
    WHERE sentiment = 'negative';

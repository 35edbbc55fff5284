-- What owners said the answer should have been. applied_at: when it became knowledge.
CREATE TABLE owner_corrections (
    shop_id            INTEGER NOT NULL,
    id                 UUID NOT NULL,
    conversation_id    UUID NOT NULL,
    original_response  TEXT NOT NULL,
    corrected_answer   TEXT NOT NULL,
    priority           VARCHAR(20) NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    correction_context TEXT,
    metadata           JSONB NOT NULL DEFAULT '{}',
    created_at         TIMESTAMPTZ NOT NULL,
    applied_at         TIMESTAMPTZ,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation_memory (shop_id, id) ON DELETE CASCADE
);

CREATE INDEX idx_corrections_conversation ON owner_corrections (shop_id, conversation_id);
CREATE INDEX idx_corrections_priority ON owner_corrections (shop_id, priority);
CREATE INDEX idx_corrections_applied_at ON owner_corrections (shop_id, applied_at);
CREATE INDEX idx_corrections_priority_created ON owner_corrections (shop_id, priority, created_at);
CREATE INDEX idx_corrections_pending ON owner_corrections (shop_id, created_at) WHERE applied_at IS NULL;

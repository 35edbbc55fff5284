-- What customers thought of an answer. Partitioned by month: the projector creates a month when its first row
-- comes (create_month_partition).
CREATE TABLE conversation_feedback (
    shop_id         INTEGER NOT NULL,
    id              UUID NOT NULL,
    conversation_id UUID NOT NULL,
    feedback_type   VARCHAR(20) NOT NULL
        CHECK (feedback_type IN ('thumbs_up', 'thumbs_down', 'star_rating', 'emoji')),
    rating          INTEGER CHECK (rating BETWEEN 1 AND 5),
    reason          TEXT,
    metadata        JSONB NOT NULL DEFAULT '{}',
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, id, created_at),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation_memory (shop_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (created_at);

CREATE INDEX idx_feedback_conversation ON conversation_feedback (shop_id, conversation_id);
CREATE INDEX idx_feedback_type ON conversation_feedback (shop_id, feedback_type);
CREATE INDEX idx_feedback_created_at ON conversation_feedback (shop_id, created_at);
CREATE INDEX idx_feedback_type_created ON conversation_feedback (shop_id, feedback_type, created_at);

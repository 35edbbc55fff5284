-- How answers fared. Partitioned by month: the projector creates a month when its first row comes.
CREATE TABLE response_analytics (
    shop_id               INTEGER NOT NULL,
    id                    UUID NOT NULL,
    conversation_id       UUID NOT NULL,
    response_text         TEXT NOT NULL,
    response_type         VARCHAR(50) NOT NULL,
    user_engagement_score DOUBLE PRECISION CHECK (user_engagement_score BETWEEN 0 AND 100),
    led_to_conversion     BOOLEAN,
    response_time_ms      INTEGER,
    ab_test_variant       VARCHAR(50),
    metrics               JSONB NOT NULL DEFAULT '{}',
    created_at            TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, id, created_at),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation_memory (shop_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (created_at);

CREATE INDEX idx_analytics_conversation ON response_analytics (shop_id, conversation_id);
CREATE INDEX idx_analytics_response_type ON response_analytics (shop_id, response_type);
CREATE INDEX idx_analytics_created_at ON response_analytics (shop_id, created_at);
CREATE INDEX idx_analytics_type_created ON response_analytics (shop_id, response_type, created_at);
CREATE INDEX idx_analytics_ab_variant ON response_analytics (shop_id, response_type, ab_test_variant)
    INCLUDE (led_to_conversion) WHERE ab_test_variant IS NOT NULL;
CREATE INDEX idx_analytics_conversion ON response_analytics (shop_id, created_at) WHERE led_to_conversion;

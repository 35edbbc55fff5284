-- One row per task that nobody waits for any more; what is not known is NULL. success is NULL where a task was
-- routed and never completed; what was routed is NULL where its routing never came. Partitioned by month: the
-- projector creates a month when its first row comes. recorded_at is the decision's time and log_partition the
-- partition of the log: retention is decided for each, and solutions are derived in the order of decisions.
CREATE TABLE executions (
    task_id            TEXT NOT NULL,
    timestamp          TIMESTAMPTZ NOT NULL,
    task_type          TEXT,
    task_description   TEXT,
    repo               TEXT,
    file_count         INTEGER,
    estimated_tokens   INTEGER,
    model_tier         TEXT,
    pool_type          TEXT,
    pool_id            TEXT,
    swarm_topology     TEXT,
    routing_confidence DOUBLE PRECISION CHECK (routing_confidence BETWEEN 0 AND 1),
    complexity_score   DOUBLE PRECISION CHECK (complexity_score BETWEEN 0 AND 100),
    success            BOOLEAN,
    duration_seconds   DOUBLE PRECISION,
    quality_score      DOUBLE PRECISION CHECK (quality_score BETWEEN 0 AND 100),
    cost_estimate      DOUBLE PRECISION,
    cost_actual        DOUBLE PRECISION,
    cost_error         DOUBLE PRECISION,
    error_type         TEXT,
    error_message      TEXT,
    user_accepted      BOOLEAN,
    user_rating        INTEGER CHECK (user_rating BETWEEN 1 AND 5),
    peak_memory_mb     DOUBLE PRECISION,
    cpu_time_seconds   DOUBLE PRECISION,
    solution_summary   TEXT,
    embedding          HALFVEC(:dimensions),
    solution_embedding HALFVEC(:dimensions),
    metadata           JSONB NOT NULL DEFAULT '{}',
    recorded_at        TIMESTAMPTZ NOT NULL,
    log_partition      INTEGER NOT NULL,
    PRIMARY KEY (task_id, timestamp)
) PARTITION BY RANGE (timestamp);

CREATE INDEX idx_executions_repo_task ON executions (repo, task_type, timestamp DESC);
CREATE INDEX idx_executions_tier_success ON executions (model_tier, success, timestamp DESC);
CREATE INDEX idx_executions_pool_duration ON executions (pool_type, success, duration_seconds);
CREATE INDEX idx_executions_quality_trend ON executions (repo, quality_score, timestamp DESC);
CREATE INDEX idx_executions_time ON executions (timestamp DESC);
CREATE INDEX idx_executions_repo_time ON executions (repo, timestamp DESC)
    INCLUDE (success, quality_score, duration_seconds, cost_actual);
CREATE INDEX idx_executions_calibration ON executions (model_tier)
    INCLUDE (routing_confidence, success, cost_error, cost_estimate);
-- Rows come nearly in the order of decisions.
CREATE INDEX idx_executions_recorded ON executions USING brin (recorded_at);

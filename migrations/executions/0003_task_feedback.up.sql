-- What people thought of a task's result, whether its execution is known or not. The latest that says something
-- about it stands in the execution's row, too.
CREATE TABLE task_feedback (
    id            UUID PRIMARY KEY,
    task_id       TEXT NOT NULL,
    accepted      BOOLEAN,
    rating        INTEGER CHECK (rating BETWEEN 1 AND 5),
    comment       TEXT,
    by            TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    log_partition INTEGER NOT NULL
);

CREATE INDEX idx_task_feedback_task ON task_feedback (task_id, created_at);
CREATE INDEX idx_task_feedback_created_at ON task_feedback (log_partition, created_at);

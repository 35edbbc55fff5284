-- What worked, derived from the executions by a job, in the order of their decisions. Can be dropped and derived
-- again. summary and embedding are those of the execution that a solution began with.
CREATE TABLE solutions (
    id            UUID PRIMARY KEY,
    task_type     TEXT NOT NULL,
    summary       TEXT NOT NULL,
    embedding     HALFVEC(:dimensions) NOT NULL,
    repos         TEXT[] NOT NULL,
    uses          INTEGER NOT NULL,
    successes     INTEGER NOT NULL,
    success_rate  DOUBLE PRECISION NOT NULL,
    mean_quality  DOUBLE PRECISION,
    rated         INTEGER NOT NULL,
    cross_project BOOLEAN NOT NULL,
    first_seen    TIMESTAMPTZ NOT NULL,
    last_used     TIMESTAMPTZ NOT NULL
);

CREATE INDEX idx_solutions_task_type ON solutions (task_type, success_rate DESC);

-- Up to which execution solutions are derived: its place in their order. One row.
CREATE TABLE solutions_derived (
    one         BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    recorded_at TIMESTAMPTZ NOT NULL,
    task_id     TEXT NOT NULL
);

-- What a repo's results are held to, as its history allows: derived whole, by the same job.
CREATE TABLE quality_policies (
    repo               TEXT PRIMARY KEY,
    maturity           TEXT NOT NULL CHECK (maturity IN ('new', 'growing', 'mature')),
    executions         INTEGER NOT NULL,
    success_rate       DOUBLE PRECISION NOT NULL,
    mean_quality       DOUBLE PRECISION,
    quality_spread     DOUBLE PRECISION,
    minimum_quality    DOUBLE PRECISION NOT NULL,
    minimum_confidence DOUBLE PRECISION NOT NULL
);

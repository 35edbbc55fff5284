-- One row per outcome, append-only: ids, states and numbers, never people's words. log_partition, log_offset and
-- place say where it stands: in which record of the log, and the how manieth of its outcomes it is.
CREATE TABLE executions_audit_log (
    at            TIMESTAMPTZ NOT NULL,
    log_offset    BIGINT NOT NULL,
    log_partition INTEGER NOT NULL,
    place         SMALLINT NOT NULL,
    actor         TEXT,
    action        TEXT NOT NULL,
    entity        TEXT,
    entity_id     TEXT,
    event_id      UUID,
    policy        TEXT,
    before        JSONB,
    after         JSONB,
    PRIMARY KEY (log_offset, log_partition, place)
);

CREATE INDEX idx_audit_entity ON executions_audit_log (entity_id);
-- Rows come nearly in the order of their time.
CREATE INDEX idx_audit_at ON executions_audit_log USING brin (at);

\ir ../common/append_only.up.sql

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON executions_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE executions_audit_log ENABLE ALWAYS TRIGGER audit_is_append_only;

-- One row per outcome, append-only: ids, states and numbers, never people's words. topic, log_partition and
-- log_offset are the record's place in the decision log. event_id is text, for an invalid event has no UUID.
-- Shop 0 holds what concerns a whole partition (ticks, policies, retention).
CREATE TABLE learning_audit_log (
    shop_id       INTEGER NOT NULL,
    id            UUID NOT NULL,
    at            TIMESTAMPTZ NOT NULL,
    actor         TEXT,
    action        TEXT NOT NULL,
    entity        TEXT,
    entity_id     UUID,
    before        JSONB,
    after         JSONB,
    event_id      TEXT,
    topic         TEXT NOT NULL,
    log_partition INTEGER NOT NULL,
    log_offset    BIGINT NOT NULL,
    policy        TEXT,
    PRIMARY KEY (shop_id, id)
);

CREATE INDEX idx_audit_entity ON learning_audit_log (shop_id, entity_id, at);
CREATE INDEX idx_audit_at ON learning_audit_log (shop_id, at);

\ir ../common/append_only.up.sql

-- Per statement, so that a change of no rows is refused too; always, so that a replication role is no way round.
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON learning_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE learning_audit_log ENABLE ALWAYS TRIGGER audit_is_append_only;

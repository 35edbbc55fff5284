-- name: add_audit(at, actor, action, entity, entity_id, before, after, event_id, log_partition, log_offset, policy, place)!
INSERT INTO executions_audit_log
       (at, log_offset, log_partition, place, actor, action, entity, entity_id, event_id, policy, before, after)
SELECT at, log_offset, log_partition, place, actor, action, entity, entity_id, event_id::UUID, policy, before::JSONB,
       after::JSONB
  FROM unnest(:at::TIMESTAMPTZ[], :actor::TEXT[], :action::TEXT[], :entity::TEXT[], :entity_id::TEXT[],
              :before::TEXT[], :after::TEXT[], :event_id::TEXT[], :log_partition::INTEGER[],
              :log_offset::BIGINT[], :policy::TEXT[], :place::INTEGER[])
    AS v (at, actor, action, entity, entity_id, before, after, event_id, log_partition, log_offset, policy, place)
ON CONFLICT DO NOTHING;

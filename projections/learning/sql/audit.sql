-- name: add_audit(shop_id, id, topic, at, actor, action, entity, entity_id, before, after, event_id, log_partition, log_offset, policy)!
-- Whatever is decided of a shop makes it known which partition the shop is in.
WITH told AS (
    SELECT *
      FROM unnest(:shop_id::INTEGER[], :id::UUID[], :at::TIMESTAMPTZ[], :actor::TEXT[], :action::TEXT[],
                  :entity::TEXT[], :entity_id::UUID[], :before::TEXT[], :after::TEXT[], :event_id::TEXT[],
                  :topic::TEXT[], :log_partition::INTEGER[], :log_offset::BIGINT[], :policy::TEXT[])
        AS v (shop_id, id, at, actor, action, entity, entity_id, before, after, event_id, topic, log_partition,
              log_offset, policy)
), seen AS (
    INSERT INTO shops (shop_id, partition)
    SELECT DISTINCT shop_id, log_partition FROM told WHERE shop_id > 0
    ON CONFLICT DO NOTHING
)
INSERT INTO learning_audit_log
       (shop_id, id, at, actor, action, entity, entity_id, before, after, event_id, topic, log_partition, log_offset,
        policy)
SELECT shop_id, id, at, actor, action, entity, entity_id, before::JSONB, after::JSONB, event_id, topic,
       log_partition, log_offset, policy
  FROM told
ON CONFLICT DO NOTHING;

-- name: audit_of(shop_id, id, page_size)
-- What happened to one item or piece of knowledge, latest first.
SELECT at, actor, action, entity, before, after, event_id, log_partition, log_offset, policy
  FROM learning_audit_log
 WHERE shop_id = :shop_id AND entity_id = :id
 ORDER BY at DESC, log_offset DESC, id
 LIMIT :page_size;

-- name: appearances(id)
-- Every record that decided something about an entity, in the order of decisions. The shop leads the index.
SELECT shop_id, entity, entity_id::TEXT, at, actor, action, log_partition, log_offset
  FROM learning_audit_log
 WHERE (shop_id, entity_id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
 ORDER BY at, log_offset, id;

-- name: standing(id)
-- How it stands now: the row, less its vectors.
SELECT to_jsonb(q) - '{embedding,question_embedding}'::TEXT[] AS row
  FROM learning_queue q
 WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
UNION ALL
SELECT to_jsonb(k) - '{embedding}'::TEXT[]
  FROM knowledge_base_rag k
 WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
UNION ALL
SELECT to_jsonb(f) FROM conversation_feedback f WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
UNION ALL
SELECT to_jsonb(c) FROM owner_corrections c WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
UNION ALL
SELECT to_jsonb(v) - '{embedding}'::TEXT[]
  FROM voice_transcripts v
 WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
UNION ALL
SELECT to_jsonb(r) FROM response_analytics r WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops)
UNION ALL
SELECT to_jsonb(m) - '{embedding}'::TEXT[]
  FROM conversation_memory m
 WHERE (shop_id, id) IN (SELECT shop_id, :id::TEXT::UUID FROM shops);

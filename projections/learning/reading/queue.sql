-- name: queue_page(shop_id, status, source_type, category, min_confidence, after_time, after_id, page_size)
-- Oldest first, from after the last row of the page before. What is not asked for is not compared.
SELECT id, status, source_type, source_id, question, proposed_content, category, confidence_score, version,
       metadata ->> 'content' AS content_kind,
       jsonb_array_length(metadata -> 'sources') AS sources,
       (metadata ->> 'disputes')::INTEGER AS disputes,
       jsonb_array_length(metadata -> 'conflicts') AS conflicts,
       (metadata ->> 'target')::UUID AS target,
       assigned_to, assigned_at, created_at, updated_at
  FROM learning_queue
 WHERE shop_id = :shop_id
   AND (:status::TEXT IS NULL OR status = :status)
   AND (:source_type::TEXT IS NULL OR source_type = :source_type)
   AND (:category::TEXT IS NULL OR category = :category)
   AND (:min_confidence::INTEGER IS NULL OR confidence_score >= :min_confidence)
   AND (:after_time::TIMESTAMPTZ IS NULL OR (created_at, id) > (:after_time, :after_id::UUID))
 ORDER BY created_at, id
 LIMIT :page_size;

-- name: queue_item(shop_id, id)^
SELECT id, status, source_type, source_id, question, proposed_content, category, confidence_score, version, metadata,
       created_at, reviewed_at, reviewed_by, applied_at, updated_at, assigned_to, assigned_at
  FROM learning_queue
 WHERE shop_id = :shop_id AND id = :id;

-- name: item_sources(shop_id, id)
-- Each source with what the tables keep of its words: its own event's, and the end of its conversation. A source that
-- is a turn of a conversation has only that; what was proposed by hand, or is beyond retention, has none.
SELECT s.source_id, s.source_type, s.conversation_id, s.actor_id, s.base_confidence, s.similarity, s.at,
       f.feedback_type, f.rating, c.priority,
       t.learning_insights ->> 'question' AS question,
       c.original_response AS response,
       coalesce(f.reason, nullif(btrim(t.processed_summary), ''), t.transcript) AS complaint,
       coalesce(c.corrected_answer, t.learning_insights ->> 'suggested_answer') AS answer,
       c.correction_context AS context,
       right(m.transcript, 4000) AS conversation
  FROM learning_sources s
  LEFT JOIN conversation_feedback f ON f.shop_id = s.shop_id AND f.id = s.source_id AND f.created_at = s.at
  LEFT JOIN owner_corrections c ON c.shop_id = s.shop_id AND c.id = s.source_id
  LEFT JOIN voice_transcripts t ON t.shop_id = s.shop_id AND t.id = s.source_id
  LEFT JOIN conversation_memory m ON m.shop_id = s.shop_id AND m.id = s.conversation_id
 WHERE s.shop_id = :shop_id AND s.item_id = :id
 ORDER BY s.at, s.source_id;

-- name: items_named(shop_id, ids)
-- What an item is in conflict with or was compared with.
SELECT id, status, question, proposed_content, category, confidence_score, version
  FROM learning_queue
 WHERE shop_id = :shop_id AND id = ANY (:ids::UUID[])
 ORDER BY created_at, id;

-- name: queue_summary(shop_id)
-- How many items of each source and status; of all shops where none is named.
SELECT source_type, status, count(*) AS items, round(avg(confidence_score), 2) AS avg_confidence
  FROM learning_queue
 WHERE :shop_id::INTEGER IS NULL OR shop_id = :shop_id
 GROUP BY source_type, status
 ORDER BY source_type, status;

-- name: shops_with_approved_items()
SELECT shop_id, count(*) AS items
  FROM learning_queue
 WHERE status = 'approved'
 GROUP BY shop_id
 ORDER BY shop_id;

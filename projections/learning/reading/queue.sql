-- name: items_by_created_at(shop_id, status, source_type, category, min_confidence, max_confidence, assigned_to, is_assigned, like, after_value, after_id, page_size)
-- The next page of items, each shop's by an index of its own. There is one statement for each order, for that is how
-- an index can give it; what is not asked for is not compared.
SELECT page.shop_id, page.id
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT q.shop_id, q.id, q.created_at
        FROM learning_queue q
       WHERE q.shop_id = s.shop_id
         AND is_asked_for(q, :status, :source_type, :category, :min_confidence, :max_confidence, :assigned_to,
                          :is_assigned, :like)
         AND (:after_value::TIMESTAMPTZ IS NULL OR (q.created_at, q.id) > (:after_value, :after_id::UUID))
       ORDER BY q.created_at, q.id
       LIMIT :page_size
  ) AS page
 ORDER BY page.created_at, page.id
 LIMIT :page_size;

-- name: items_by_created_at_descending(shop_id, status, source_type, category, min_confidence, max_confidence, assigned_to, is_assigned, like, after_value, after_id, page_size)
SELECT page.shop_id, page.id
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT q.shop_id, q.id, q.created_at
        FROM learning_queue q
       WHERE q.shop_id = s.shop_id
         AND is_asked_for(q, :status, :source_type, :category, :min_confidence, :max_confidence, :assigned_to,
                          :is_assigned, :like)
         AND (:after_value::TIMESTAMPTZ IS NULL OR (q.created_at, q.id) < (:after_value, :after_id::UUID))
       ORDER BY q.created_at DESC, q.id DESC
       LIMIT :page_size
  ) AS page
 ORDER BY page.created_at DESC, page.id DESC
 LIMIT :page_size;

-- name: items_by_updated_at(shop_id, status, source_type, category, min_confidence, max_confidence, assigned_to, is_assigned, like, after_value, after_id, page_size)
SELECT page.shop_id, page.id
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT q.shop_id, q.id, q.updated_at
        FROM learning_queue q
       WHERE q.shop_id = s.shop_id
         AND is_asked_for(q, :status, :source_type, :category, :min_confidence, :max_confidence, :assigned_to,
                          :is_assigned, :like)
         AND (:after_value::TIMESTAMPTZ IS NULL OR (q.updated_at, q.id) > (:after_value, :after_id::UUID))
       ORDER BY q.updated_at, q.id
       LIMIT :page_size
  ) AS page
 ORDER BY page.updated_at, page.id
 LIMIT :page_size;

-- name: items_by_updated_at_descending(shop_id, status, source_type, category, min_confidence, max_confidence, assigned_to, is_assigned, like, after_value, after_id, page_size)
SELECT page.shop_id, page.id
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT q.shop_id, q.id, q.updated_at
        FROM learning_queue q
       WHERE q.shop_id = s.shop_id
         AND is_asked_for(q, :status, :source_type, :category, :min_confidence, :max_confidence, :assigned_to,
                          :is_assigned, :like)
         AND (:after_value::TIMESTAMPTZ IS NULL OR (q.updated_at, q.id) < (:after_value, :after_id::UUID))
       ORDER BY q.updated_at DESC, q.id DESC
       LIMIT :page_size
  ) AS page
 ORDER BY page.updated_at DESC, page.id DESC
 LIMIT :page_size;

-- name: items_by_confidence_score(shop_id, status, source_type, category, min_confidence, max_confidence, assigned_to, is_assigned, like, after_value, after_id, page_size)
SELECT page.shop_id, page.id
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT q.shop_id, q.id, q.confidence_score
        FROM learning_queue q
       WHERE q.shop_id = s.shop_id
         AND is_asked_for(q, :status, :source_type, :category, :min_confidence, :max_confidence, :assigned_to,
                          :is_assigned, :like)
         AND (:after_value::INTEGER IS NULL OR (q.confidence_score, q.id) > (:after_value, :after_id::UUID))
       ORDER BY q.confidence_score, q.id
       LIMIT :page_size
  ) AS page
 ORDER BY page.confidence_score, page.id
 LIMIT :page_size;

-- name: items_by_confidence_score_descending(shop_id, status, source_type, category, min_confidence, max_confidence, assigned_to, is_assigned, like, after_value, after_id, page_size)
SELECT page.shop_id, page.id
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT q.shop_id, q.id, q.confidence_score
        FROM learning_queue q
       WHERE q.shop_id = s.shop_id
         AND is_asked_for(q, :status, :source_type, :category, :min_confidence, :max_confidence, :assigned_to,
                          :is_assigned, :like)
         AND (:after_value::INTEGER IS NULL OR (q.confidence_score, q.id) < (:after_value, :after_id::UUID))
       ORDER BY q.confidence_score DESC, q.id DESC
       LIMIT :page_size
  ) AS page
 ORDER BY page.confidence_score DESC, page.id DESC
 LIMIT :page_size;

-- name: queue_entries(shop_ids, ids)
-- Items as a list shows them, in this order.
SELECT q.shop_id, q.id, q.status, q.source_type, q.source_id, q.question, q.proposed_content, q.category,
       q.confidence_score, q.version,
       q.metadata ->> 'content' AS content_kind,
       jsonb_array_length(q.metadata -> 'sources') AS sources,
       (q.metadata ->> 'disputes')::INTEGER AS disputes,
       jsonb_array_length(q.metadata -> 'conflicts') AS conflicts,
       (q.metadata ->> 'target')::UUID AS target,
       coalesce((q.metadata ->> 'needs_second_pair')::BOOLEAN, false) AS needs_second_pair,
       q.assigned_to, q.assigned_at, q.created_at, q.updated_at
  FROM unnest(:shop_ids::INTEGER[], :ids::UUID[]) WITH ORDINALITY AS page (shop_id, id, place)
  JOIN learning_queue q ON q.shop_id = page.shop_id AND q.id = page.id
 ORDER BY page.place;

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

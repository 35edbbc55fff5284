-- name: conversation(shop_id, id)^
SELECT shop_id, id, user_id, channel, transcript, summary, metadata, created_at
  FROM conversation_memory
 WHERE shop_id = :shop_id AND id = :id;

-- name: feedback_of(shop_id, id)
SELECT id, feedback_type, rating, reason, metadata, created_at
  FROM conversation_feedback
 WHERE shop_id = :shop_id AND conversation_id = :id
 ORDER BY created_at, id;

-- name: corrections_of(shop_id, id)
SELECT id, original_response, corrected_answer, priority, correction_context, metadata, created_at, applied_at
  FROM owner_corrections
 WHERE shop_id = :shop_id AND conversation_id = :id
 ORDER BY created_at, id;

-- name: calls_of(shop_id, id)
SELECT id, transcript, processed_summary, sentiment, entities, learning_insights, metadata, created_at
  FROM voice_transcripts
 WHERE shop_id = :shop_id AND conversation_id = :id
 ORDER BY created_at, id;

-- name: responses_of(shop_id, id)
SELECT id, response_text, response_type, user_engagement_score, led_to_conversion, response_time_ms, ab_test_variant,
       metrics, created_at
  FROM response_analytics
 WHERE shop_id = :shop_id AND conversation_id = :id
 ORDER BY created_at, id;

-- name: items_of(shop_id, id)
-- What became of it: the items that something said in it, or about it, is a source of.
SELECT q.id, q.status, q.source_type, q.question, q.proposed_content, q.category, q.confidence_score, q.version,
       q.created_at, q.updated_at
  FROM learning_queue q
 WHERE q.shop_id = :shop_id
   AND q.id IN (SELECT s.item_id FROM learning_sources s WHERE s.shop_id = :shop_id AND s.conversation_id = :id)
 ORDER BY q.created_at, q.id;

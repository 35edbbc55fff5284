-- Events that become rows with their own ids. A repeat older than the decider's memory meets ON CONFLICT.

-- name: store_feedback(shop_id, id, conversation_id, feedback_type, rating, reason, metadata, created_at)!
INSERT INTO conversation_feedback
       (shop_id, id, conversation_id, feedback_type, rating, reason, metadata, created_at)
SELECT shop_id, id, conversation_id, feedback_type, rating, reason, metadata::JSONB, created_at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :conversation_id::UUID[], :feedback_type::TEXT[],
              :rating::INTEGER[], :reason::TEXT[], :metadata::TEXT[], :created_at::TIMESTAMPTZ[])
    AS v (shop_id, id, conversation_id, feedback_type, rating, reason, metadata, created_at)
ON CONFLICT DO NOTHING;

-- name: store_correction(shop_id, id, conversation_id, original_response, corrected_answer, priority, correction_context, metadata, created_at)!
INSERT INTO owner_corrections
       (shop_id, id, conversation_id, original_response, corrected_answer, priority, correction_context, metadata,
        created_at)
SELECT shop_id, id, conversation_id, original_response, corrected_answer, priority, correction_context,
       metadata::JSONB, created_at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :conversation_id::UUID[], :original_response::TEXT[],
              :corrected_answer::TEXT[], :priority::TEXT[], :correction_context::TEXT[], :metadata::TEXT[],
              :created_at::TIMESTAMPTZ[])
    AS v (shop_id, id, conversation_id, original_response, corrected_answer, priority, correction_context, metadata,
          created_at)
ON CONFLICT DO NOTHING;

-- name: mark_corrections(shop_id, item_id, applied_at)!
-- The corrections behind an item became knowledge, or did after all not (no time).
UPDATE owner_corrections c
   SET applied_at = v.applied_at
  FROM unnest(:shop_id::INTEGER[], :item_id::UUID[], :applied_at::TIMESTAMPTZ[]) AS v (shop_id, item_id, applied_at)
  JOIN learning_sources s ON s.shop_id = v.shop_id AND s.item_id = v.item_id AND s.source_type = 'correction'
 WHERE c.shop_id = s.shop_id AND c.id = s.source_id;

-- name: store_call(shop_id, id, conversation_id, transcript, processed_summary, embedding, sentiment, entities, learning_insights, metadata, created_at)!
INSERT INTO voice_transcripts
       (shop_id, id, conversation_id, transcript, processed_summary, embedding, sentiment, entities,
        learning_insights, metadata, created_at)
SELECT shop_id, id, conversation_id, transcript, processed_summary, embedding, sentiment, entities::JSONB,
       learning_insights::JSONB, metadata::JSONB, created_at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :conversation_id::UUID[], :transcript::TEXT[],
              :processed_summary::TEXT[], :embedding::VECTOR[], :sentiment::TEXT[], :entities::TEXT[],
              :learning_insights::TEXT[], :metadata::TEXT[], :created_at::TIMESTAMPTZ[])
    AS v (shop_id, id, conversation_id, transcript, processed_summary, embedding, sentiment, entities,
          learning_insights, metadata, created_at)
ON CONFLICT DO NOTHING;

-- name: store_response(shop_id, id, conversation_id, response_text, response_type, user_engagement_score, led_to_conversion, response_time_ms, ab_test_variant, metrics, created_at)!
INSERT INTO response_analytics
       (shop_id, id, conversation_id, response_text, response_type, user_engagement_score, led_to_conversion,
        response_time_ms, ab_test_variant, metrics, created_at)
SELECT shop_id, id, conversation_id, response_text, response_type, user_engagement_score, led_to_conversion,
       response_time_ms, ab_test_variant, metrics::JSONB, created_at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :conversation_id::UUID[], :response_text::TEXT[],
              :response_type::TEXT[], :user_engagement_score::FLOAT8[], :led_to_conversion::BOOLEAN[],
              :response_time_ms::INTEGER[], :ab_test_variant::TEXT[], :metrics::TEXT[],
              :created_at::TIMESTAMPTZ[])
    AS v (shop_id, id, conversation_id, response_text, response_type, user_engagement_score, led_to_conversion,
          response_time_ms, ab_test_variant, metrics, created_at)
ON CONFLICT DO NOTHING;

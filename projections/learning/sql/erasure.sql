-- What a person or a conversation said goes; ids, times, types and numbers stay. Where the person's own id is only
-- in the audit, it says which events are theirs. Whose rows they are is found first, once for each subject: the shop's
-- part of the audit is read through.

-- name: erase_conversations(shop_id, conversations)!
UPDATE conversation_memory c
   SET user_id = NULL, transcript = NULL, summary = NULL, embedding = NULL, metadata = NULL
  FROM unnest(:shop_id::INTEGER[], :conversations::TEXT[]) AS v (shop_id, conversations)
 WHERE c.shop_id = v.shop_id AND c.id = ANY (v.conversations::UUID[]);

-- name: erase_feedback(shop_id, actor, conversations)!
UPDATE conversation_feedback e
   SET reason = NULL, metadata = '{}'
  FROM unnest(:shop_id::INTEGER[], :actor::TEXT[], :conversations::TEXT[]) AS v (shop_id, actor, conversations)
 CROSS JOIN LATERAL (
    SELECT i.id FROM conversation_feedback i
     WHERE i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
     UNION
    SELECT a.entity_id FROM learning_audit_log a
     WHERE a.shop_id = v.shop_id AND a.actor = v.actor AND a.entity = 'feedback'
 ) AS whose
 WHERE e.shop_id = v.shop_id AND e.id = whose.id;

-- name: erase_corrections(shop_id, actor, conversations)!
UPDATE owner_corrections e
   SET original_response = '[erased]', corrected_answer = '[erased]', correction_context = NULL, metadata = '{}'
  FROM unnest(:shop_id::INTEGER[], :actor::TEXT[], :conversations::TEXT[]) AS v (shop_id, actor, conversations)
 CROSS JOIN LATERAL (
    SELECT i.id FROM owner_corrections i
     WHERE i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
     UNION
    SELECT a.entity_id FROM learning_audit_log a
     WHERE a.shop_id = v.shop_id AND a.actor = v.actor AND a.entity = 'correction'
 ) AS whose
 WHERE e.shop_id = v.shop_id AND e.id = whose.id;

-- name: erase_calls(shop_id, actor, conversations)!
UPDATE voice_transcripts e
   SET transcript = '[erased]', processed_summary = NULL, embedding = NULL, entities = '{}', learning_insights = '{}',
       metadata = '{}'
  FROM unnest(:shop_id::INTEGER[], :actor::TEXT[], :conversations::TEXT[]) AS v (shop_id, actor, conversations)
 CROSS JOIN LATERAL (
    SELECT i.id FROM voice_transcripts i
     WHERE i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
     UNION
    SELECT a.entity_id FROM learning_audit_log a
     WHERE a.shop_id = v.shop_id AND a.actor = v.actor AND a.entity = 'call'
 ) AS whose
 WHERE e.shop_id = v.shop_id AND e.id = whose.id;

-- name: erase_responses(shop_id, actor, conversations)!
UPDATE response_analytics e
   SET response_text = '[erased]', metrics = '{}'
  FROM unnest(:shop_id::INTEGER[], :actor::TEXT[], :conversations::TEXT[]) AS v (shop_id, actor, conversations)
 CROSS JOIN LATERAL (
    SELECT i.id FROM response_analytics i
     WHERE i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
     UNION
    SELECT a.entity_id FROM learning_audit_log a
     WHERE a.shop_id = v.shop_id AND a.actor = v.actor AND a.entity = 'response'
 ) AS whose
 WHERE e.shop_id = v.shop_id AND e.id = whose.id;

-- name: erase_sources(shop_id, item_id, source_ids)!
UPDATE learning_sources s
   SET actor_id = NULL
  FROM unnest(:shop_id::INTEGER[], :item_id::UUID[], :source_ids::TEXT[]) AS v (shop_id, item_id, source_ids)
 WHERE s.shop_id = v.shop_id AND s.item_id = v.item_id AND s.source_id = ANY (v.source_ids::UUID[]);

-- name: erase_item(shop_id, id, source_ids, is_reworded, kind, content, embedding, question, question_embedding, at)!
-- Where words were lost, those that are left take their place, if any are.
UPDATE learning_queue q
   SET proposed_content = CASE WHEN v.is_reworded THEN coalesce(v.content, '[erased]') ELSE q.proposed_content END,
       embedding = CASE WHEN v.is_reworded THEN v.embedding ELSE q.embedding END,
       question = CASE WHEN v.is_reworded THEN v.question ELSE q.question END,
       question_embedding = CASE WHEN v.is_reworded THEN v.question_embedding ELSE q.question_embedding END,
       metadata = q.metadata || jsonb_build_object(
           'sources', v.sources,
           'content', coalesce(v.kind, q.metadata ->> 'content')),
       updated_at = v.at
  FROM (SELECT u.*,
               (SELECT jsonb_agg(CASE WHEN (s.source ->> 'source_id')::UUID = ANY (u.source_ids::UUID[])
                                      THEN s.source || '{"actor_id": null}' ELSE s.source END
                                 ORDER BY s.place)
                  FROM jsonb_array_elements(i.metadata -> 'sources') WITH ORDINALITY AS s (source, place)) AS sources
          FROM unnest(:shop_id::INTEGER[], :id::UUID[], :source_ids::TEXT[], :is_reworded::BOOLEAN[], :kind::TEXT[],
                      :content::TEXT[], :embedding::VECTOR[], :question::TEXT[], :question_embedding::VECTOR[],
                      :at::TIMESTAMPTZ[])
            AS u (shop_id, id, source_ids, is_reworded, kind, content, embedding, question, question_embedding, at)
          JOIN learning_queue i ON i.shop_id = u.shop_id AND i.id = u.id) AS v
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: erase_knowledge(shop_id, id, without_question, without_answer, at)!
UPDATE knowledge_base_rag k
   SET question = CASE WHEN v.without_question THEN NULL ELSE k.question END,
       question_embedding = CASE WHEN v.without_question THEN NULL ELSE k.question_embedding END,
       content = CASE WHEN v.without_answer THEN '[erased]' ELSE k.content END,
       embedding = CASE WHEN v.without_answer THEN NULL ELSE k.embedding END,
       updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :without_question::BOOLEAN[], :without_answer::BOOLEAN[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, id, without_question, without_answer, at)
 WHERE k.shop_id = v.shop_id AND k.id = v.id;

-- What a person or a conversation said goes; ids, times, types and numbers stay. Where the person's own id is only
-- in the audit, it says which events are theirs. Whose rows they are is found first, for all subjects together: their
-- shops' part of the audit is read through.

-- name: erase_conversations(shop_id, conversations)!
UPDATE conversation_memory c
   SET user_id = NULL, transcript = NULL, summary = NULL, embedding = NULL, metadata = NULL
  FROM unnest(:shop_id::INTEGER[], :conversations::TEXT[]) AS v (shop_id, conversations)
 WHERE c.shop_id = v.shop_id AND c.id = ANY (v.conversations::UUID[]);

-- name: erase_events(shop_id, actor, conversations)!
WITH v AS (
    SELECT * FROM unnest(:shop_id::INTEGER[], :actor::TEXT[], :conversations::TEXT[])
        AS u (shop_id, actor, conversations)
), said AS MATERIALIZED (
    SELECT a.shop_id, a.entity, a.entity_id AS id
      FROM learning_audit_log a JOIN v ON a.shop_id = v.shop_id AND a.actor = v.actor
     WHERE a.entity IN ('feedback', 'correction', 'call', 'response')
), feedback AS (
    UPDATE conversation_feedback e
       SET reason = NULL, metadata = '{}'
      FROM (SELECT i.shop_id, i.id FROM conversation_feedback i
              JOIN v ON i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
             UNION
            SELECT shop_id, id FROM said WHERE entity = 'feedback') AS whose
     WHERE e.shop_id = whose.shop_id AND e.id = whose.id
), corrections AS (
    UPDATE owner_corrections e
       SET original_response = '[erased]', corrected_answer = '[erased]', correction_context = NULL, metadata = '{}'
      FROM (SELECT i.shop_id, i.id FROM owner_corrections i
              JOIN v ON i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
             UNION
            SELECT shop_id, id FROM said WHERE entity = 'correction') AS whose
     WHERE e.shop_id = whose.shop_id AND e.id = whose.id
), calls AS (
    UPDATE voice_transcripts e
       SET transcript = '[erased]', processed_summary = NULL, embedding = NULL, entities = '{}',
           learning_insights = '{}', metadata = '{}'
      FROM (SELECT i.shop_id, i.id FROM voice_transcripts i
              JOIN v ON i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
             UNION
            SELECT shop_id, id FROM said WHERE entity = 'call') AS whose
     WHERE e.shop_id = whose.shop_id AND e.id = whose.id
)
UPDATE response_analytics e
   SET response_text = '[erased]', metrics = '{}'
  FROM (SELECT i.shop_id, i.id FROM response_analytics i
          JOIN v ON i.shop_id = v.shop_id AND i.conversation_id = ANY (v.conversations::UUID[])
         UNION
        SELECT shop_id, id FROM said WHERE entity = 'response') AS whose
 WHERE e.shop_id = whose.shop_id AND e.id = whose.id;

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

-- name: apply_knowledge(shop_id, id, item_id, source, status, superseded_by, disputes, metadata, created_at, at)!
-- Knowledge with the words of an item. An item that is not there leaves content empty, which is refused.
INSERT INTO knowledge_base_rag
       (shop_id, id, category, content, question, embedding, question_embedding, source, status, superseded_by,
        item_id, disputes, metadata, created_at, updated_at)
SELECT v.shop_id, v.id, q.category, q.proposed_content, q.question, q.embedding, q.question_embedding,
       coalesce(v.source, q.source_type), v.status, v.superseded_by, v.item_id, v.disputes, v.metadata::JSONB,
       v.created_at, v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :item_id::UUID[], :source::TEXT[], :status::TEXT[],
              :superseded_by::UUID[], :disputes::INTEGER[], :metadata::TEXT[], :created_at::TIMESTAMPTZ[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, id, item_id, source, status, superseded_by, disputes, metadata, created_at, at)
  LEFT JOIN learning_queue q ON q.shop_id = v.shop_id AND q.id = v.item_id
ON CONFLICT DO NOTHING;

-- name: import_knowledge(shop_id, id, category, content, question, embedding, question_embedding, source, status, superseded_by, disputes, metadata, created_at, at)!
INSERT INTO knowledge_base_rag
       (shop_id, id, category, content, question, embedding, question_embedding, source, status, superseded_by,
        disputes, metadata, created_at, updated_at)
SELECT shop_id, id, category, content, question, embedding, question_embedding, source, status, superseded_by,
       disputes, metadata::JSONB, created_at, at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :category::TEXT[], :content::TEXT[], :question::TEXT[],
              :embedding::VECTOR[], :question_embedding::VECTOR[], :source::TEXT[], :status::TEXT[],
              :superseded_by::UUID[], :disputes::INTEGER[], :metadata::TEXT[], :created_at::TIMESTAMPTZ[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, id, category, content, question, embedding, question_embedding, source, status, superseded_by,
          disputes, metadata, created_at, at)
ON CONFLICT DO NOTHING;

-- name: edit_knowledge(shop_id, id, supersedes, content, embedding, new_question, question, question_embedding, status, superseded_by, disputes, metadata, created_at, at)!
-- A new version: category and source are the old one's, and so is the question unless there is a new one.
INSERT INTO knowledge_base_rag
       (shop_id, id, category, content, question, embedding, question_embedding, source, status, superseded_by,
        disputes, metadata, created_at, updated_at)
SELECT v.shop_id, v.id, k.category, v.content,
       CASE WHEN v.new_question THEN v.question ELSE k.question END,
       v.embedding,
       CASE WHEN v.new_question THEN v.question_embedding ELSE k.question_embedding END,
       k.source, v.status, v.superseded_by, v.disputes, v.metadata::JSONB, v.created_at, v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :supersedes::UUID[], :content::TEXT[], :embedding::VECTOR[],
              :new_question::BOOLEAN[], :question::TEXT[], :question_embedding::VECTOR[], :status::TEXT[],
              :superseded_by::UUID[], :disputes::INTEGER[], :metadata::TEXT[], :created_at::TIMESTAMPTZ[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, id, supersedes, content, embedding, new_question, question, question_embedding, status,
          superseded_by, disputes, metadata, created_at, at)
  LEFT JOIN knowledge_base_rag k ON k.shop_id = v.shop_id AND k.id = v.supersedes
ON CONFLICT DO NOTHING;

-- name: set_knowledge_state(shop_id, id, status, superseded_by, disputes, at)!
UPDATE knowledge_base_rag k
   SET status = v.status, superseded_by = v.superseded_by, disputes = v.disputes, updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :status::TEXT[], :superseded_by::UUID[], :disputes::INTEGER[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, id, status, superseded_by, disputes, at)
 WHERE k.shop_id = v.shop_id AND k.id = v.id;

-- name: link_knowledge(shop_id, id, conflicts, at)!
UPDATE knowledge_base_rag k
   SET metadata = k.metadata || jsonb_build_object('conflicts', v.all_conflicts),
       updated_at = v.at
  FROM (SELECT u.shop_id, u.id, u.at,
               (SELECT jsonb_agg(DISTINCT c)
                  FROM jsonb_array_elements(coalesce(o.metadata -> 'conflicts', '[]') || u.conflicts::JSONB) AS c
               ) AS all_conflicts
          FROM unnest(:shop_id::INTEGER[], :id::UUID[], :conflicts::TEXT[], :at::TIMESTAMPTZ[])
            AS u (shop_id, id, conflicts, at)
          JOIN knowledge_base_rag o ON o.shop_id = u.shop_id AND o.id = u.id) AS v
 WHERE k.shop_id = v.shop_id AND k.id = v.id;

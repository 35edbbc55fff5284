-- name: propose_item(shop_id, id, status, source_type, source_id, content, question, category, embedding, question_embedding, confidence, version, metadata, created_at, at)!
INSERT INTO learning_queue
       (shop_id, id, status, source_type, source_id, proposed_content, question, category, embedding,
        question_embedding, confidence_score, version, metadata, created_at, updated_at)
SELECT shop_id, id, status, source_type, source_id, content, question, category, embedding, question_embedding,
       confidence, version, metadata::JSONB, created_at, at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :status::TEXT[], :source_type::TEXT[], :source_id::UUID[],
              :content::TEXT[], :question::TEXT[], :category::TEXT[], :embedding::VECTOR[],
              :question_embedding::VECTOR[], :confidence::INTEGER[], :version::INTEGER[], :metadata::TEXT[],
              :created_at::TIMESTAMPTZ[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, status, source_type, source_id, content, question, category, embedding, question_embedding,
          confidence, version, metadata, created_at, at)
ON CONFLICT DO NOTHING;

-- name: corroborate_item(shop_id, id, status, version, confidence, target, category, question, question_embedding, kind, content, embedding, sources, neighbours, conflicts, at)!
-- An answer takes the place of any content, a complaint only that of a question.
UPDATE learning_queue q
   SET status = v.status,
       version = v.version,
       confidence_score = v.confidence,
       category = v.category,
       question = coalesce(v.question, q.question),
       question_embedding = coalesce(v.question_embedding, q.question_embedding),
       proposed_content = CASE WHEN v.fills THEN v.content ELSE q.proposed_content END,
       embedding = CASE WHEN v.fills THEN v.embedding ELSE q.embedding END,
       metadata = q.metadata || jsonb_build_object(
           'target', v.target,
           'content', CASE WHEN v.fills THEN v.kind ELSE q.metadata ->> 'content' END,
           'sources', q.metadata -> 'sources' || v.sources,
           'neighbours', q.metadata -> 'neighbours' || v.neighbours,
           'conflicts', v.all_conflicts),
       updated_at = v.at
  FROM (SELECT u.shop_id, u.id, u.status, u.version, u.confidence, u.target, u.category, u.question,
               u.question_embedding, u.kind, u.content, u.embedding, u.sources::JSONB AS sources,
               u.neighbours::JSONB AS neighbours, u.at,
               u.kind = 'answer' OR u.kind = 'complaint' AND i.metadata ->> 'content' = 'question' AS fills,
               (SELECT coalesce(jsonb_agg(DISTINCT c), '[]')
                  FROM jsonb_array_elements(i.metadata -> 'conflicts' || u.conflicts::JSONB) AS c) AS all_conflicts
          FROM unnest(:shop_id::INTEGER[], :id::UUID[], :status::TEXT[], :version::INTEGER[],
                      :confidence::INTEGER[], :target::UUID[], :category::TEXT[], :question::TEXT[],
                      :question_embedding::VECTOR[], :kind::TEXT[], :content::TEXT[], :embedding::VECTOR[],
                      :sources::TEXT[], :neighbours::TEXT[], :conflicts::TEXT[], :at::TIMESTAMPTZ[])
            AS u (shop_id, id, status, version, confidence, target, category, question, question_embedding, kind,
                  content, embedding, sources, neighbours, conflicts, at)
          JOIN learning_queue i ON i.shop_id = u.shop_id AND i.id = u.id) AS v
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: link_item(shop_id, id, conflicts, at)!
UPDATE learning_queue q
   SET metadata = q.metadata || jsonb_build_object('conflicts', v.all_conflicts),
       updated_at = v.at
  FROM (SELECT u.shop_id, u.id, u.at,
               (SELECT coalesce(jsonb_agg(DISTINCT c), '[]')
                  FROM jsonb_array_elements(i.metadata -> 'conflicts' || u.conflicts::JSONB) AS c) AS all_conflicts
          FROM unnest(:shop_id::INTEGER[], :id::UUID[], :conflicts::TEXT[], :at::TIMESTAMPTZ[])
            AS u (shop_id, id, conflicts, at)
          JOIN learning_queue i ON i.shop_id = u.shop_id AND i.id = u.id) AS v
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: note_item(shop_id, id, disputed_by, related, at)!
UPDATE learning_queue q
   SET metadata = q.metadata || jsonb_build_object(
           'disputes', jsonb_array_length(q.metadata -> 'disputed_by' || v.disputed_by::JSONB),
           'disputed_by', q.metadata -> 'disputed_by' || v.disputed_by::JSONB,
           'related', q.metadata -> 'related' || v.related::JSONB),
       updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :disputed_by::TEXT[], :related::TEXT[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, disputed_by, related, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: set_item_state(shop_id, id, status, version, confidence, target, at)!
UPDATE learning_queue q
   SET status = v.status,
       version = v.version,
       confidence_score = v.confidence,
       metadata = q.metadata || jsonb_build_object('target', v.target),
       updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :status::TEXT[], :version::INTEGER[], :confidence::INTEGER[],
              :target::UUID[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, status, version, confidence, target, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: set_second_pair(shop_id, id, needed, at)!
-- Items of which nobody ever asked for it do not say so.
UPDATE learning_queue q
   SET metadata = q.metadata || jsonb_build_object('needs_second_pair', v.needed), updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :needed::BOOLEAN[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, needed, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: approve_item(shop_id, id, category, reviewer_id, content, embedding, at)!
-- Without content the words stay as they are; with it they are the reviewer's.
UPDATE learning_queue q
   SET category = v.category,
       reviewed_by = v.reviewer_id,
       reviewed_at = v.at,
       proposed_content = coalesce(v.content, q.proposed_content),
       embedding = CASE WHEN v.content IS NULL THEN q.embedding ELSE v.embedding END,
       metadata = CASE WHEN v.content IS NULL THEN q.metadata ELSE q.metadata || '{"content": "answer"}' END,
       updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :category::TEXT[], :reviewer_id::UUID[], :content::TEXT[],
              :embedding::VECTOR[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, category, reviewer_id, content, embedding, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: reject_item(shop_id, id, reviewer_id, at)!
UPDATE learning_queue q
   SET reviewed_by = v.reviewer_id, reviewed_at = v.at, updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :reviewer_id::UUID[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, reviewer_id, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: assign_item(shop_id, id, assigned_to, assigned_at, at)!
UPDATE learning_queue q
   SET assigned_to = v.assigned_to, assigned_at = v.assigned_at, updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :assigned_to::UUID[], :assigned_at::TIMESTAMPTZ[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, id, assigned_to, assigned_at, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: apply_item(shop_id, id, at)!
UPDATE learning_queue q
   SET applied_at = v.at, updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :at::TIMESTAMPTZ[]) AS v (shop_id, id, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: return_item(shop_id, id, at)!
UPDATE learning_queue q
   SET reviewed_by = NULL, reviewed_at = NULL, applied_at = NULL, updated_at = v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :at::TIMESTAMPTZ[]) AS v (shop_id, id, at)
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

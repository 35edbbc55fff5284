-- name: knowledge_page(shop_id, status, category, after_time, after_id, page_size)
SELECT id, question, content, category, source, status, superseded_by, item_id, disputes, created_at, updated_at
  FROM knowledge_base_rag
 WHERE shop_id = :shop_id
   AND (:status::TEXT IS NULL OR status = :status)
   AND (:category::TEXT IS NULL OR category = :category)
   AND (:after_time::TIMESTAMPTZ IS NULL OR (created_at, id) > (:after_time, :after_id::UUID))
 ORDER BY created_at, id
 LIMIT :page_size;

-- name: knowledge_search(shop_id, query, embedding, most)
SELECT id, question, content, category, source, disputes, similarity, score
  FROM search_knowledge(:shop_id::INTEGER, :query::TEXT, :embedding::VECTOR, :most::INTEGER);

-- name: knowledge_explained(shop_id, query, embedding, most)
SELECT id, question, content, category, source, disputes, similarity, score, question_rank, question_similarity,
       answer_rank, answer_similarity, words_rank, words_share
  FROM explained_search(:shop_id::INTEGER, :query::TEXT, :embedding::VECTOR, :most::INTEGER);

-- name: knowledge_item(shop_id, id)^
SELECT id, question, content, category, source, status, superseded_by, item_id, disputes, metadata, created_at,
       updated_at
  FROM knowledge_base_rag
 WHERE shop_id = :shop_id AND id = :id;

-- name: knowledge_versions(shop_id, id)
-- Oldest first.
SELECT k.id, k.question, k.content, k.status, k.superseded_by, k.item_id, k.disputes, k.created_at, k.updated_at
  FROM versions_of_knowledge(:shop_id, :id) AS v
  JOIN knowledge_base_rag k ON k.shop_id = :shop_id AND k.id = v.id
 ORDER BY k.created_at, k.updated_at, k.id;

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

-- name: knowledge_item(shop_id, id)^
SELECT id, question, content, category, source, status, superseded_by, item_id, disputes, metadata, created_at,
       updated_at
  FROM knowledge_base_rag
 WHERE shop_id = :shop_id AND id = :id;

-- name: knowledge_versions(shop_id, id)
-- All that this version took over from, directly or not, all that took over from it, and what was undone.
WITH RECURSIVE versions AS (
    SELECT id, metadata ->> 'supersedes' AS supersedes
      FROM knowledge_base_rag
     WHERE shop_id = :shop_id AND id = :id
     UNION
    SELECT k.id, k.metadata ->> 'supersedes'
      FROM versions v
      CROSS JOIN LATERAL (
          SELECT older.id, older.metadata FROM knowledge_base_rag older
           WHERE older.shop_id = :shop_id AND older.id = v.supersedes::UUID
           UNION ALL
          SELECT newer.id, newer.metadata FROM knowledge_base_rag newer
           WHERE newer.shop_id = :shop_id AND newer.metadata ->> 'supersedes' = v.id::TEXT
      ) AS k
)
SELECT k.id, k.question, k.content, k.status, k.superseded_by, k.item_id, k.disputes, k.created_at, k.updated_at
  FROM versions v
  JOIN knowledge_base_rag k ON k.shop_id = :shop_id AND k.id = v.id
 ORDER BY k.created_at, k.updated_at, k.id;

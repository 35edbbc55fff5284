-- The shop's live knowledge that best fits a query, best first: what is near by its question, what is near by its
-- answer and what shares words with the query, fused by reciprocal rank (Cormack, Clarke and Büttcher 2009, with
-- their k of 60). Without an embedding only words count. similarity is the larger of the two cosines.
--
-- Up to 4,000 live rows the shop is read through a btree and compared exactly; above that the HNSW indexes are
-- scanned until enough rows are this shop's, as in check_similar_knowledge.
CREATE FUNCTION search_knowledge(
    p_shop_id   INTEGER,
    p_query     TEXT,
    p_embedding VECTOR,
    p_limit     INTEGER DEFAULT 10
) RETURNS TABLE (
    id UUID, question TEXT, content TEXT, category VARCHAR, source VARCHAR, disputes INTEGER, similarity NUMERIC,
    score NUMERIC
)
LANGUAGE sql STABLE
SET hnsw.iterative_scan = 'strict_order'
SET hnsw.ef_search = 200
SET hnsw.max_scan_tuples = 200000
SET enable_sort = off
SET jit = off
BEGIN ATOMIC
    WITH size AS MATERIALIZED (
        SELECT count(*) > 4000 AS is_large
          FROM (SELECT FROM knowledge_base_rag k
                 WHERE k.shop_id = p_shop_id AND k.status = 'live'
                 LIMIT 4001) AS counted
    ), exact_question AS MATERIALIZED (
        SELECT k.id, k.question_embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live' AND k.question_embedding IS NOT NULL
           AND p_embedding IS NOT NULL AND NOT (SELECT is_large FROM size)
         ORDER BY distance
         LIMIT 50
    ), indexed_question AS MATERIALIZED (
        SELECT k.id, k.question_embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live'
           AND p_embedding IS NOT NULL AND (SELECT is_large FROM size)
         ORDER BY k.question_embedding::HALFVEC(:dimensions) <=> p_embedding::HALFVEC(:dimensions)
         LIMIT 50
    ), exact_answer AS MATERIALIZED (
        SELECT k.id, k.embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live' AND k.embedding IS NOT NULL
           AND p_embedding IS NOT NULL AND NOT (SELECT is_large FROM size)
         ORDER BY distance
         LIMIT 50
    ), indexed_answer AS MATERIALIZED (
        SELECT k.id, k.embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live'
           AND p_embedding IS NOT NULL AND (SELECT is_large FROM size)
         ORDER BY k.embedding::HALFVEC(:dimensions) <=> p_embedding::HALFVEC(:dimensions)
         LIMIT 50
    ), words AS (
        SELECT replace(plainto_tsquery('simple', p_query)::TEXT, ' & ', ' | ')::TSQUERY AS any_of
    ), same_words AS MATERIALIZED (
        SELECT k.id,
               ts_rank_cd(to_tsvector('simple', coalesce(k.question, '') || ' ' || k.content), words.any_of) AS rank
          FROM knowledge_base_rag k, words
         WHERE k.shop_id = p_shop_id AND k.status = 'live'
           AND to_tsvector('simple', coalesce(k.question, '') || ' ' || k.content) @@ words.any_of
         ORDER BY rank DESC, k.id
         LIMIT 50
    ), ranked AS (
        SELECT q.id, q.distance, row_number() OVER (ORDER BY q.distance, q.id) AS place
          FROM (TABLE exact_question UNION ALL TABLE indexed_question) AS q
        UNION ALL
        SELECT a.id, a.distance, row_number() OVER (ORDER BY a.distance, a.id)
          FROM (TABLE exact_answer UNION ALL TABLE indexed_answer) AS a
        UNION ALL
        SELECT w.id, NULL, row_number() OVER (ORDER BY w.rank DESC, w.id)
          FROM same_words w
    ), fused AS (
        SELECT r.id, round((1 - min(r.distance))::NUMERIC, 4) AS similarity, sum(1.0 / (60 + r.place)) AS score
          FROM ranked r
         GROUP BY r.id
    )
    SELECT k.id, k.question, k.content, k.category, k.source, k.disputes, f.similarity, round(f.score, 6)
      FROM fused f
      JOIN knowledge_base_rag k ON k.shop_id = p_shop_id AND k.id = f.id
     ORDER BY f.score DESC, f.similarity DESC NULLS LAST, k.created_at, k.id
     LIMIT p_limit;
END;

-- Whether a shop has too much live knowledge to compare with all of it: more than 4,000 rows.
CREATE FUNCTION is_large_shop(p_shop_id INTEGER) RETURNS BOOLEAN
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) > 4000
      FROM (SELECT FROM knowledge_base_rag k
             WHERE k.shop_id = p_shop_id AND k.status = 'live'
             LIMIT 4001) AS counted;
END;

-- About p_most rows of the shop's live knowledge whose answers are nearest to p_embedding, by cosine distance.
--
-- Two searches, of which one runs. A small shop's rows are read through a btree and compared exactly: the full
-- vector has no index, so the planner has no other way. In a large one the halfvec expression is what
-- idx_knowledge_embedding_hnsw indexes; the scan goes on until p_most rows are this shop's, and they are compared
-- again by their full vectors.
--
-- The caller says how the index is scanned. relaxed_order, because the order is made afterwards, and strict_order
-- would drop what it meets late (measured: the worst of 40 searches found 8 of the true 10, against 5).
-- enable_sort is off because the planner knows only the average shop and would sort a large one; where nothing
-- else is possible it still sorts. JIT is off because it would compile for that price.
CREATE FUNCTION nearest_answers(p_shop_id INTEGER, p_embedding VECTOR, p_most INTEGER)
RETURNS TABLE (id UUID, distance DOUBLE PRECISION)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH size AS MATERIALIZED (
        SELECT is_large_shop(p_shop_id) AS is_large
    ), exact AS MATERIALIZED (
        SELECT k.id, k.embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live' AND k.embedding IS NOT NULL
           AND p_embedding IS NOT NULL AND NOT (SELECT is_large FROM size)
         ORDER BY distance
         LIMIT p_most
    ), indexed AS MATERIALIZED (
        SELECT k.id, k.embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live'
           AND p_embedding IS NOT NULL AND (SELECT is_large FROM size)
         ORDER BY k.embedding::HALFVEC(:dimensions) <=> p_embedding::HALFVEC(:dimensions)
         LIMIT p_most
    )
    TABLE exact UNION ALL TABLE indexed;
END;

-- The shop's live knowledge whose answer is at least p_threshold near to p_embedding, nearest first, at most 10
-- rows. similarity is the cosine to 4 decimals, and 1 where the text is the same after normalisation; without
-- an embedding only the text is compared.
CREATE FUNCTION check_similar_knowledge(
    p_shop_id   INTEGER,
    p_content   TEXT,
    p_embedding VECTOR,
    p_threshold NUMERIC DEFAULT 0.85
) RETURNS TABLE (id UUID, content TEXT, similarity NUMERIC)
LANGUAGE sql STABLE
SET hnsw.iterative_scan = 'relaxed_order'
SET hnsw.ef_search = 100
SET hnsw.max_scan_tuples = 200000
SET enable_sort = off
SET jit = off
BEGIN ATOMIC
    WITH same_text AS MATERIALIZED (
        SELECT k.id, 0::DOUBLE PRECISION AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live'
           AND md5(normalised_text(k.content)) = md5(normalised_text(p_content))
         LIMIT 10
    ), nearest AS (
        SELECT found.id, round((1 - min(found.distance))::NUMERIC, 4) AS similarity
          FROM (SELECT a.id, a.distance FROM nearest_answers(p_shop_id, p_embedding, 20) AS a
                 UNION ALL TABLE same_text) AS found
         GROUP BY found.id
    )
    SELECT k.id, k.content, n.similarity
      FROM nearest n
      JOIN knowledge_base_rag k ON k.shop_id = p_shop_id AND k.id = n.id
     WHERE n.similarity >= p_threshold
     ORDER BY n.similarity DESC, k.created_at, k.id
     LIMIT 10;
END;

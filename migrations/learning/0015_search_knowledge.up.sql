-- nearest_answers, by questions.
CREATE FUNCTION nearest_questions(p_shop_id INTEGER, p_embedding VECTOR, p_most INTEGER)
RETURNS TABLE (id UUID, distance DOUBLE PRECISION)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH size AS MATERIALIZED (
        SELECT is_large_shop(p_shop_id) AS is_large
    ), exact AS MATERIALIZED (
        SELECT k.id, k.question_embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live' AND k.question_embedding IS NOT NULL
           AND p_embedding IS NOT NULL AND NOT (SELECT is_large FROM size)
         ORDER BY distance
         LIMIT p_most
    ), indexed AS MATERIALIZED (
        SELECT k.id, k.question_embedding <=> p_embedding AS distance
          FROM knowledge_base_rag k
         WHERE k.shop_id = p_shop_id AND k.status = 'live'
           AND p_embedding IS NOT NULL AND (SELECT is_large FROM size)
         ORDER BY k.question_embedding::HALFVEC(:dimensions) <=> p_embedding::HALFVEC(:dimensions)
         LIMIT p_most
    )
    TABLE exact UNION ALL TABLE indexed;
END;

-- The shop's live knowledge that has words of a query, and how much of the query it has: 1 is every word.
--
-- A word weighs what it tells, ln((rows + 1) / (rows that have it + 0.5)), after Spärck Jones 1972. So a shop's own
-- texts say which words are stop words, in whatever language they are written; a word that no row has weighs most.
--
-- A small shop's texts are all read: what the full-text index holds of a common word is mostly other shops'. In a
-- large shop the index is asked for each word; shop_id + 0 keeps the planner, who knows only the average shop, from
-- reading all rows of the shop instead. A word that more than 4,000 rows have tells nothing there: only what has
-- the whole query is found by it.
CREATE FUNCTION matching_words(p_shop_id INTEGER, p_query TEXT)
RETURNS TABLE (id UUID, share NUMERIC)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH size AS MATERIALIZED (
        SELECT is_large_shop(p_shop_id) AS is_large
    ), asked AS MATERIALIZED (
        SELECT tsvector_to_array(to_tsvector('simple', p_query)) AS words,
               plainto_tsquery('simple', p_query) AS all_of
    ), small AS MATERIALIZED (
        SELECT k.id, had.word
          FROM asked, knowledge_base_rag k
          CROSS JOIN LATERAL
               unnest(tsvector_to_array(to_tsvector('simple', coalesce(k.question, '') || ' ' || k.content)))
            AS had (word)
         WHERE k.shop_id = p_shop_id AND k.status = 'live' AND NOT (SELECT is_large FROM size)
           AND had.word = ANY (asked.words)
    ), large AS MATERIALIZED (
        SELECT found.id, w.word
          FROM asked
          CROSS JOIN LATERAL unnest(asked.words) AS w (word)
          CROSS JOIN LATERAL (
              SELECT k.id FROM knowledge_base_rag k
               WHERE k.shop_id + 0 = p_shop_id AND k.status = 'live' AND (SELECT is_large FROM size)
                 AND to_tsvector('simple', coalesce(k.question, '') || ' ' || k.content)
                     @@ plainto_tsquery('simple', w.word)
               LIMIT 4001
          ) AS found
    ), whole AS MATERIALIZED (
        SELECT k.id
          FROM asked, knowledge_base_rag k
         WHERE k.shop_id + 0 = p_shop_id AND k.status = 'live' AND (SELECT is_large FROM size)
           AND to_tsvector('simple', coalesce(k.question, '') || ' ' || k.content) @@ asked.all_of
         LIMIT 50
    ), matched AS MATERIALIZED (
        TABLE small UNION ALL TABLE large
    ), weighed AS MATERIALIZED (
        SELECT w.word, count(m.id) AS rows, ln((live.rows + 1) / (count(m.id) + 0.5))::DOUBLE PRECISION AS weight
          FROM (SELECT count(*) AS rows
                  FROM (SELECT FROM knowledge_base_rag k
                         WHERE k.shop_id = p_shop_id AND k.status = 'live'
                         LIMIT 4001) AS counted) AS live,
               asked
          CROSS JOIN LATERAL unnest(asked.words) AS w (word)
          LEFT JOIN matched m ON m.word = w.word
         GROUP BY w.word, live.rows
    ), shares AS (
        SELECT m.id, sum(w.weight) / (SELECT sum(weight) FROM weighed) AS share
          FROM matched m
          JOIN weighed w ON w.word = m.word AND w.rows <= 4000
         GROUP BY m.id
         UNION ALL
        SELECT whole.id, 1 FROM whole
    )
    SELECT s.id, round(max(s.share)::NUMERIC, 4) FROM shares s GROUP BY s.id;
END;

-- The shop's live knowledge that best fits a query, best first: what is near by its question, what is near by its
-- answer and what shares words with the query, fused by reciprocal rank (Cormack, Clarke and Büttcher 2009, with
-- their k of 60). similarity is the larger of the two cosines.
--
-- Words count by their share, and only where the share is half of the query or more: among 77 entries of banking
-- the first hit was right for 51 of 100 questions, against 35 where any common word counted. Without an embedding
-- only words count, and then half of the best share is enough.
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
SET hnsw.iterative_scan = 'relaxed_order'
SET hnsw.ef_search = 200
SET hnsw.max_scan_tuples = 200000
SET enable_sort = off
SET jit = off
BEGIN ATOMIC
    WITH same_words AS MATERIALIZED (
        SELECT w.id, w.share, max(w.share) OVER () AS best
          FROM matching_words(p_shop_id, p_query) AS w
         ORDER BY w.share DESC, w.id
         LIMIT 50
    ), ranked AS (
        SELECT q.id, q.distance, 1 AS weight, row_number() OVER (ORDER BY q.distance, q.id) AS place
          FROM nearest_questions(p_shop_id, p_embedding, 50) AS q
        UNION ALL
        SELECT a.id, a.distance, 1, row_number() OVER (ORDER BY a.distance, a.id)
          FROM nearest_answers(p_shop_id, p_embedding, 50) AS a
        UNION ALL
        SELECT w.id, NULL, w.share, row_number() OVER (ORDER BY w.share DESC, w.id)
          FROM same_words w
         WHERE w.share >= CASE WHEN p_embedding IS NULL THEN w.best / 2 ELSE 0.5 END
    ), fused AS (
        SELECT r.id, round((1 - min(r.distance))::NUMERIC, 4) AS similarity, sum(r.weight / (60 + r.place)) AS score
          FROM ranked r
         GROUP BY r.id
    )
    SELECT k.id, k.question, k.content, k.category, k.source, k.disputes, f.similarity, round(f.score, 6)
      FROM fused f
      JOIN knowledge_base_rag k ON k.shop_id = p_shop_id AND k.id = f.id
     ORDER BY f.score DESC, f.similarity DESC NULLS LAST, k.created_at, k.id
     LIMIT p_limit;
END;

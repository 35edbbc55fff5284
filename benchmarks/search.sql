-- A knowledge base, and what is asked of it. The random numbers are always the same.

-- name: seed()$
SELECT setseed(0.5)::TEXT;

-- name: load_knowledge(first, last, large_shop, others)!
-- Every other row is the large shop's, the rest are shared by the others. Each row has vectors of its own, and words of
-- which some are much more common than others. `0 * number`: a row's numbers are drawn for that row.
INSERT INTO knowledge_base_rag
       (shop_id, id, content, question, embedding, question_embedding, status, created_at, updated_at)
SELECT CASE WHEN n % 2 = 0 THEN :large_shop::INTEGER ELSE :large_shop + 1 + n / 2 % :others::INTEGER END,
       md5(n::TEXT)::UUID, 'Answer: ' || said.words, 'What about ' || asked.words || '?',
       answer.vector, question.vector, 'live', '2026-11-21 12:00+00', '2026-11-21 12:00+00'
  FROM generate_series(:first::INTEGER, :last::INTEGER) AS n
  CROSS JOIN LATERAL (SELECT string_agg('word' || floor(20000 * random() ^ 3), ' ') AS words
                        FROM generate_series(1, 30 + 0 * n)) AS said
  CROSS JOIN LATERAL (SELECT string_agg('word' || floor(20000 * random() ^ 3), ' ') AS words
                        FROM generate_series(1, 8 + 0 * n)) AS asked
  CROSS JOIN LATERAL (SELECT l2_normalize(array_agg(random() - 0.5)::VECTOR) AS vector
                        FROM generate_series(1, 384 + 0 * n)) AS answer
  CROSS JOIN LATERAL (SELECT l2_normalize(array_agg(random() - 0.5)::VECTOR) AS vector
                        FROM generate_series(1, 384 + 0 * n)) AS question;

-- name: tidy#
VACUUM (ANALYZE) knowledge_base_rag;

-- name: probes(shop_id, number)
-- Questions that were asked before, in nearly the same words.
SELECT question, question_embedding
  FROM knowledge_base_rag
 WHERE shop_id = :shop_id
 ORDER BY id
 LIMIT :number;

-- name: fill_knowledge(shop_id, first, last)!
-- Knowledge of one shop, around 500 topics; no row is another's twin. `0 * n`: a row's numbers are drawn for that row.
INSERT INTO knowledge_base_rag
       (shop_id, id, question, content, category, source, status, embedding, question_embedding, disputes, metadata,
        created_at, updated_at)
SELECT :shop_id, md5('knowledge ' || n)::UUID,
       format('When does order %s of kind %s come?', n, n % 500),
       format('Order %s comes on day %s after it was sent, and its number is in the mail that confirms it.', n, n % 30),
       'delivery', 'benchmark', 'live',
       (SELECT l2_normalize(array_agg(random() - 0.5)::VECTOR) FROM generate_series(1, 384 + 0 * n)),
       (SELECT l2_normalize(array_agg(random() - 0.5)::VECTOR) FROM generate_series(1, 384 + 0 * n)),
       0, '{}', now(), now()
  FROM generate_series(:first::INTEGER, :last::INTEGER) AS n;

-- name: tidy#
ANALYZE knowledge_base_rag;

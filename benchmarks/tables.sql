-- What the benchmark of the tables fills them with, and what it asks them. The random numbers are always the same.

-- name: seed()$
SELECT setseed(0.5)::TEXT;

-- name: make_topics#
CREATE TEMPORARY TABLE topics (number INTEGER PRIMARY KEY, centre VECTOR(384) NOT NULL);

-- name: fill_topics(topics)!
INSERT INTO topics
SELECT n, l2_normalize((SELECT array_agg(random() - 0.5)::VECTOR FROM generate_series(1, 384 + 0 * n)))
  FROM generate_series(0, :topics::INTEGER - 1) AS n;

-- name: load_items(first, last, live_share, topics)!
-- Shop 1 has every fifth item, shop 2 every 26th, shops 3 to 200 share the rest. Live items are of the last
-- weeks of a year and each has vectors of its own, about 0.8 near to the others of its topic; the others have
-- their topic's, which costs the same space. `0 * number`: a row's numbers are drawn for that row.
INSERT INTO learning_queue
       (shop_id, id, status, source_type, source_id, proposed_content, question, category, embedding,
        question_embedding, confidence_score, metadata, created_at, updated_at)
SELECT CASE WHEN i.shop < 0.2 THEN 1 WHEN i.shop < 0.239 THEN 2 ELSE 3 + floor(198 * random())::INTEGER END,
       md5(i.number::TEXT)::UUID,
       CASE WHEN i.live THEN (ARRAY ['pending', 'pending', 'pending', 'approved'])[1 + floor(4 * random())::INTEGER]
            ELSE (ARRAY ['rejected', 'applied', 'applied', 'applied'])[1 + floor(4 * random())::INTEGER] END,
       (ARRAY ['feedback', 'feedback', 'correction', 'transcript'])[1 + floor(4 * random())::INTEGER],
       md5('source ' || i.number)::UUID,
       format('Answer %s: the parcel is brought on the second working day after the order, and its number is in '
              'the mail that confirms it.', i.number),
       format('When does order %s come, and how do I find out where it is?', i.number),
       'delivery',
       CASE WHEN i.live THEN l2_normalize(t.centre + answer.noise) ELSE t.centre END,
       CASE WHEN i.live THEN l2_normalize(t.centre + question.noise) ELSE t.centre END,
       45 + floor(55 * random())::INTEGER,
       jsonb_build_object(
           'content', 'answer', 'target', NULL, 'disputes', 0, 'disputed_by', '[]'::JSONB, 'related', '[]'::JSONB,
           'neighbours', '[]'::JSONB, 'conflicts', '[]'::JSONB,
           'sources', jsonb_build_array(jsonb_build_object('source_id', md5('source ' || i.number)::UUID))),
       made.at,
       made.at
  FROM (SELECT n AS number, random() AS shop, random() < :live_share::FLOAT8 AS live, random() AS age,
               floor(:topics::INTEGER * random())::INTEGER AS topic
          FROM generate_series(:first::INTEGER, :last::INTEGER) AS n) AS i
  JOIN topics t ON t.number = i.topic
  CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00'
                             + INTERVAL '365 days' * CASE WHEN i.live THEN 0.9 + 0.1 * i.age ELSE i.age END AS at
                     ) AS made
  CROSS JOIN LATERAL (SELECT CASE WHEN i.live THEN array_agg((random() - 0.5) * 0.088)::VECTOR END AS noise
                        FROM generate_series(1, CASE WHEN i.live THEN 384 + 0 * i.number ELSE 0 END)) AS answer
  CROSS JOIN LATERAL (SELECT CASE WHEN i.live THEN array_agg((random() - 0.5) * 0.088)::VECTOR END AS noise
                        FROM generate_series(1, CASE WHEN i.live THEN 384 + 0 * i.number ELSE 0 END)) AS question;

-- name: load_conversations(shops, each)!
INSERT INTO conversation_memory (shop_id, id)
SELECT shop, md5(shop || '/' || n)::UUID
  FROM generate_series(1, :shops::INTEGER) AS shop, generate_series(0, :each::INTEGER - 1) AS n;

-- name: make_months()!
SELECT create_month_partition('response_analytics', ('2026-01-01'::DATE + n * INTERVAL '1 month')::DATE)
  FROM generate_series(0, 11) AS n;

-- name: load_responses(rows, shops, each)!
-- The share of shop 1 is that of the items.
INSERT INTO response_analytics
       (shop_id, id, conversation_id, response_text, response_type, user_engagement_score, led_to_conversion,
        response_time_ms, ab_test_variant, created_at)
SELECT r.shop,
       md5('response ' || r.number)::UUID,
       md5(r.shop || '/' || r.number % :each::INTEGER)::UUID,
       'The parcel is brought on the second working day after the order.',
       (ARRAY ['answer', 'greeting', 'offer'])[1 + r.number % 3],
       100 * random(),
       CASE WHEN random() < 0.5 THEN random() < 0.1 END,
       floor(900 * random()),
       CASE WHEN r.number % 3 = 2 THEN (ARRAY ['a', 'b'])[1 + r.number % 2] END,
       TIMESTAMPTZ '2026-01-01 00:00:00+00' + INTERVAL '365 days' * random()
  FROM (SELECT n AS number,
               CASE WHEN random() < 0.2 THEN 1 ELSE 2 + floor((:shops::INTEGER - 1) * random())::INTEGER END AS shop
          FROM generate_series(1, :rows::INTEGER) AS n) AS r;

-- name: tidy#
VACUUM (ANALYZE) learning_queue, response_analytics, conversation_memory;

-- name: make_similar_items#
-- check_similar_knowledge for items instead of knowledge, without its threshold: the ten nearest.
CREATE FUNCTION similar_items(p_shop_id INTEGER, p_embedding VECTOR) RETURNS TABLE (id UUID, similarity NUMERIC)
LANGUAGE sql STABLE
SET hnsw.iterative_scan = 'relaxed_order'
SET hnsw.ef_search = 100
SET hnsw.max_scan_tuples = 200000
SET enable_sort = off
SET jit = off
BEGIN ATOMIC
    WITH size AS MATERIALIZED (
        SELECT count(*) > 4000 AS is_large
          FROM (SELECT FROM learning_queue q
                 WHERE q.shop_id = p_shop_id AND q.status IN ('pending', 'approved')
                 LIMIT 4001) AS counted
    ), exact AS MATERIALIZED (
        SELECT q.id, q.embedding <=> p_embedding AS distance
          FROM learning_queue q
         WHERE q.shop_id = p_shop_id AND q.status IN ('pending', 'approved') AND q.embedding IS NOT NULL
           AND NOT (SELECT is_large FROM size)
         ORDER BY distance
         LIMIT 10
    ), indexed AS MATERIALIZED (
        SELECT q.id, q.embedding <=> p_embedding AS distance
          FROM learning_queue q
         WHERE q.shop_id = p_shop_id AND q.status IN ('pending', 'approved') AND (SELECT is_large FROM size)
         ORDER BY q.embedding::HALFVEC(384) <=> p_embedding::HALFVEC(384)
         LIMIT 20
    )
    SELECT found.id, round((1 - found.distance)::NUMERIC, 4)
      FROM (TABLE exact UNION ALL TABLE indexed) AS found
     ORDER BY found.distance
     LIMIT 10;
END;

-- name: similar_items(shop_id, embedding)
SELECT id, similarity FROM similar_items(:shop_id, :embedding::VECTOR);

-- name: nearest_items(shop_id, embedding)
-- The truth that the search is held against: no index can give this order.
SELECT id
  FROM learning_queue
 WHERE shop_id = :shop_id AND status IN ('pending', 'approved')
 ORDER BY embedding <=> :embedding::VECTOR
 LIMIT 10;

-- name: probes(shop_id, number)
-- What somebody might say next: near to a live item of the shop, and never the same.
SELECT l2_normalize(q.embedding + (SELECT array_agg((random() - 0.5) * 0.05)::VECTOR
                                     FROM generate_series(1, 384 + 0 * q.confidence_score))) AS embedding
  FROM (SELECT embedding, confidence_score
          FROM learning_queue
         WHERE shop_id = :shop_id AND status IN ('pending', 'approved')
         ORDER BY id
         LIMIT :number) AS q;

-- name: live_items(shop_id)$
SELECT count(*) FROM learning_queue WHERE shop_id = :shop_id AND status IN ('pending', 'approved');

-- name: review_items(number, round)!
-- What makes a refresh find something to change.
UPDATE learning_queue q
   SET confidence_score = (q.confidence_score + 1) % 100
  FROM generate_series(1, :number::INTEGER) AS n
 WHERE q.shop_id = 1 AND q.id = md5((n + :number * :round::INTEGER)::TEXT)::UUID;

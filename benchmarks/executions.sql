-- What the benchmark of the executions fills its tables with. The random numbers are always the same.

-- name: seed()$
SELECT setseed(0.5)::TEXT;

-- name: make_topics#
CREATE TEMPORARY TABLE topics (number INTEGER PRIMARY KEY, centre VECTOR(384) NOT NULL);

-- name: fill_topics(topics)!
INSERT INTO topics
SELECT n, l2_normalize((SELECT array_agg(random() - 0.5)::VECTOR FROM generate_series(1, 384 + 0 * n)))
  FROM generate_series(0, :topics::INTEGER - 1) AS n;

-- name: make_months()!
SELECT create_month_partition('executions', ('2026-01-01'::DATE + n * INTERVAL '1 month')::DATE)
  FROM generate_series(0, 3) AS n;

-- name: load_executions(first, last, rows, topics)!
-- A hundred days, evenly. A fifth is of repo-0, the rest of 49 others; four fifths succeed, and those have a
-- solution. Vectors are about 0.8 near to the others of their topic. `0 * number`: a row's numbers are drawn for
-- that row.
INSERT INTO executions
       (task_id, timestamp, task_type, task_description, repo, file_count, estimated_tokens, model_tier, pool_type,
        pool_id, swarm_topology, routing_confidence, complexity_score, success, duration_seconds, quality_score,
        cost_estimate, cost_actual, cost_error, error_type, error_message, user_accepted, user_rating,
        peak_memory_mb, cpu_time_seconds, solution_summary, embedding, solution_embedding, metadata, recorded_at,
        log_partition)
SELECT md5(e.number::TEXT)::UUID::TEXT,
       made.at,
       'type-' || e.topic % 8,
       format('Order %s is shown twice on the customer''s page when it was paid in two parts; show it once, with '
              'both payments beneath it, and keep the address as it is.', e.number),
       CASE WHEN e.repo < 0.2 THEN 'repo-0' ELSE 'repo-' || 1 + floor(49 * random())::INTEGER END,
       1 + floor(12 * random()),
       500 + floor(8000 * random()),
       (ARRAY ['small', 'medium', 'large'])[1 + floor(3 * random())::INTEGER],
       (ARRAY ['api', 'local', 'spot'])[1 + floor(3 * random())::INTEGER],
       'pool-' || e.number % 10,
       CASE WHEN e.number % 3 = 0 THEN 'star' END,
       0.5 + 0.5 * random(),
       100 * random(),
       e.success,
       300 * random(),
       CASE WHEN e.success THEN 50 + 50 * random() END,
       e.estimate,
       e.estimate * (0.5 + random()),
       e.estimate * (random() - 0.5),
       CASE WHEN NOT e.success THEN 'model_error' END,
       CASE WHEN NOT e.success THEN 'the answer did not pass the checks of the repository' END,
       CASE WHEN e.number % 10 = 0 THEN e.success END,
       CASE WHEN e.number % 10 = 0 THEN 1 + floor(5 * random()) END,
       2000 * random(),
       300 * random(),
       CASE WHEN e.success THEN
           format('Payments are grouped by order before the page is drawn, so that order %s appears once; the sum '
                  'is that of its payments, and a test pays one order in two parts and looks at the page. The '
                  'address comes from the order and no longer from the payment.', e.number) END,
       l2_normalize(t.centre + task.noise)::HALFVEC,
       CASE WHEN e.success THEN l2_normalize(t.centre + solution.noise)::HALFVEC END,
       jsonb_build_object(
           'routing', jsonb_build_object('router', 'by-size', 'candidates', 3),
           'predicted_duration_seconds', 300 * random(), 'tokens_used', 1000 + e.number % 5000),
       made.at,
       e.number % 4
  FROM (SELECT n AS number, random() AS repo, random() < 0.8 AS success, random() AS estimate,
               floor(:topics::INTEGER * random())::INTEGER AS topic
          FROM generate_series(:first::INTEGER, :last::INTEGER) AS n) AS e
  JOIN topics t ON t.number = e.topic
  CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00'
                             + (e.number - 1) * (INTERVAL '100 days' / :rows::INTEGER) AS at) AS made
  CROSS JOIN LATERAL (SELECT array_agg((random() - 0.5) * 0.088)::VECTOR AS noise
                        FROM generate_series(1, 384 + 0 * e.number)) AS task
  CROSS JOIN LATERAL (SELECT array_agg((random() - 0.5) * 0.088)::VECTOR AS noise
                        FROM generate_series(1, CASE WHEN e.success THEN 384 + 0 * e.number ELSE 0 END)) AS solution;

-- name: load_feedback()!
-- What a tenth of the executions tells of opinions, as it was said.
INSERT INTO task_feedback (id, task_id, accepted, rating, comment, by, created_at, log_partition)
SELECT md5('feedback ' || task_id)::UUID, task_id, user_accepted, user_rating, 'Works, thank you.', 'reviewer-1',
       timestamp, log_partition
  FROM executions
 WHERE user_rating IS NOT NULL;

-- name: load_audit()!
-- As the projection writes it: a row when the routing came, one when the start came, one when all was joined, and
-- one for an opinion.
INSERT INTO executions_audit_log
       (at, log_offset, log_partition, place, actor, action, entity, entity_id, event_id, policy, before, after)
SELECT e.timestamp, row_number() OVER (ORDER BY e.timestamp, said.place), e.log_partition, 0, '/orchestrators/main',
       said.action, 'task', e.task_id, md5(said.action || e.task_id)::UUID, left(md5('policy'), 16), NULL, said.after
  FROM executions e
  CROSS JOIN LATERAL (VALUES (1, 'RoutingKept', NULL),
                             (2, 'StartKept', NULL),
                             (3, 'ExecutionRecorded', jsonb_build_object('timestamp', e.timestamp)),
                             (4, 'TaskFeedbackStored', jsonb_build_object('id', md5('feedback ' || e.task_id)::UUID))
                     ) AS said (place, action, after)
 WHERE said.place < 4 OR e.user_rating IS NOT NULL;

-- name: tidy#
VACUUM (ANALYZE) executions, executions_audit_log, task_feedback;

-- name: sizes()
-- Bytes of all that the schema keeps, by what it is kept for. The write-ahead log is the server's.
SELECT part, sum(bytes)::BIGINT AS bytes
  FROM (SELECT CASE WHEN t.relname = 'executions_audit_log' THEN 'audit'
                    WHEN NOT t.relispartition THEN 'everything else'
                    WHEN a.amname = 'hnsw' THEN 'vector indexes'
                    WHEN c.relkind = 'i' THEN 'other indexes'
                    ELSE 'rows' END AS part,
               pg_table_size(c.oid) AS bytes
          FROM pg_class c
          LEFT JOIN pg_index i ON i.indexrelid = c.oid
          JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
          LEFT JOIN pg_am a ON a.oid = c.relam
         WHERE c.relnamespace = 'executions'::REGNAMESPACE AND c.relkind IN ('r', 'i', 'm')) AS measured
 GROUP BY part
 ORDER BY bytes DESC;

-- name: probes(number)
-- What somebody might ask next: near to an execution, and never the same.
SELECT l2_normalize(e.embedding::VECTOR + (SELECT array_agg((random() - 0.5) * 0.05)::VECTOR
                                             FROM generate_series(1, 384 + 0 * e.file_count))) AS embedding
  FROM (SELECT embedding, file_count FROM executions ORDER BY task_id LIMIT :number) AS e;

-- name: nearest(embedding, number)
-- The truth that the search is held against: no index can give this order.
SELECT task_id
  FROM executions
 WHERE embedding IS NOT NULL
 ORDER BY (embedding <=> :embedding::HALFVEC) + 0
 LIMIT :number;

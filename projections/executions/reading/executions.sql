-- name: recent_executions(task_type, page_size)
-- Latest first. A type that is not asked for is not compared.
SELECT task_id, timestamp, task_type, task_description, repo, model_tier, pool_type, pool_id, success,
       duration_seconds, quality_score, cost_actual, cost_error, error_type, user_accepted, user_rating
  FROM executions
 WHERE (:task_type::TEXT IS NULL OR task_type = :task_type)
 ORDER BY timestamp DESC
 LIMIT :page_size;

-- name: recent_executions_of(repo, task_type, page_size)
SELECT task_id, timestamp, task_type, task_description, repo, model_tier, pool_type, pool_id, success,
       duration_seconds, quality_score, cost_actual, cost_error, error_type, user_accepted, user_rating
  FROM executions
 WHERE repo = :repo AND (:task_type::TEXT IS NULL OR task_type = :task_type)
 ORDER BY timestamp DESC
 LIMIT :page_size;

-- name: look_on()#
-- An index gives no more than some dozens at once: let it go on until there are enough, in their order.
SET LOCAL hnsw.iterative_scan = strict_order;

-- name: similar_executions(embedding, page_size)
-- Nearest by meaning of type and description.
SELECT task_id, timestamp, task_type, task_description, repo, model_tier, pool_type, success, duration_seconds,
       quality_score, cost_actual, solution_summary, 1 - (embedding <=> (:embedding::VECTOR)::HALFVEC) AS similarity
  FROM executions
 WHERE embedding IS NOT NULL
 ORDER BY embedding <=> (:embedding::VECTOR)::HALFVEC
 LIMIT :page_size;

-- name: tiers_of(repo, task_type)
-- Every tier that ended such tasks, first the one whose success rate is surely high.
SELECT model_tier, runs, successes, successes::FLOAT8 / runs AS success_rate,
       wilson_lower_bound(successes, runs) AS lower_bound,
       mean_quality, mean_cost, mean_duration, last_used
  FROM (SELECT model_tier, count(*) AS runs, count(*) FILTER (WHERE success) AS successes,
               avg(quality_score) AS mean_quality, avg(cost_actual) AS mean_cost,
               avg(duration_seconds) AS mean_duration, max(timestamp) AS last_used
          FROM executions
         WHERE repo = :repo AND task_type = :task_type AND success IS NOT NULL AND model_tier IS NOT NULL
         GROUP BY model_tier) AS counted
 ORDER BY lower_bound DESC, mean_cost NULLS LAST, model_tier;

-- name: trend_of(repo, since)
-- One row a day (UTC) on which anything ended.
SELECT (timestamp AT TIME ZONE 'UTC')::DATE AS date, count(*) AS runs, avg(success::INTEGER)::FLOAT8 AS success_rate,
       avg(quality_score) AS mean_quality, avg(duration_seconds) AS mean_duration, sum(cost_actual) AS cost
  FROM executions
 WHERE repo = :repo AND success IS NOT NULL AND timestamp >= :since
 GROUP BY 1
 ORDER BY 1;

-- name: calibration_by_tier()
-- How right routers were. brier: the mean square of confidence minus success (0 or 1); 0.25 is a coin's.
-- Cost errors are actual minus estimate, and that relative to the estimate, where both are known.
SELECT model_tier, count(*) AS runs, avg(routing_confidence) AS mean_confidence,
       avg(success::INTEGER)::FLOAT8 AS success_rate,
       avg((routing_confidence - success::INTEGER) ^ 2) AS brier,
       count(cost_error) AS cost_runs, avg(cost_error) AS mean_cost_error,
       avg(cost_error / nullif(cost_estimate, 0)) AS mean_relative_cost_error
  FROM executions
 WHERE success IS NOT NULL AND routing_confidence IS NOT NULL
 GROUP BY model_tier
 ORDER BY model_tier;

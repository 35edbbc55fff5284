-- The lower end of the 95 % Wilson interval of a rate: what is surely true of it. One lucky run is not sure.
CREATE FUNCTION wilson_lower_bound(p_successes BIGINT, p_runs BIGINT) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (p + 1.9208 / n - 1.96 * sqrt((p * (1 - p) + 0.9604 / n) / n)) / (1 + 3.8416 / n)
      FROM (SELECT p_successes::FLOAT8 / p_runs AS p, p_runs::FLOAT8 AS n) AS known
$$;

-- Numbers for dashboards, refreshed CONCURRENTLY (hence the unique indexes). Days are UTC days. Only what has ended
-- is counted; what a task cost is its actual cost.
CREATE MATERIALIZED VIEW tier_performance_mv AS
SELECT coalesce(model_tier, '') AS model_tier,
       (timestamp AT TIME ZONE 'UTC')::DATE AS date,
       count(*) AS runs,
       avg(success::INTEGER)::DOUBLE PRECISION AS success_rate,
       avg(duration_seconds) AS mean_duration,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_seconds) AS p95_duration,
       avg(quality_score) AS mean_quality,
       sum(cost_actual) AS cost
  FROM executions
 WHERE success IS NOT NULL
 GROUP BY 1, 2;

CREATE UNIQUE INDEX idx_tier_performance ON tier_performance_mv (model_tier, date);

CREATE MATERIALIZED VIEW pool_performance_mv AS
SELECT coalesce(pool_type, '') AS pool_type,
       (timestamp AT TIME ZONE 'UTC')::DATE AS date,
       count(*) AS runs,
       avg(success::INTEGER)::DOUBLE PRECISION AS success_rate,
       avg(duration_seconds) AS mean_duration,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_seconds) AS p95_duration,
       avg(quality_score) AS mean_quality,
       sum(cost_actual) AS cost
  FROM executions
 WHERE success IS NOT NULL
 GROUP BY 1, 2;

CREATE UNIQUE INDEX idx_pool_performance ON pool_performance_mv (pool_type, date);

-- The best known solutions of each task type, first the one whose success rate is surely high.
CREATE MATERIALIZED VIEW solution_patterns_mv AS
SELECT task_type, id, summary, uses, successes, success_rate, lower_bound, mean_quality, cross_project, last_used,
       row_number() OVER (PARTITION BY task_type ORDER BY lower_bound DESC, uses DESC, id) AS place
  FROM (SELECT *, wilson_lower_bound(successes, uses) AS lower_bound FROM solutions) AS bounded;

CREATE UNIQUE INDEX idx_solution_patterns ON solution_patterns_mv (task_type, id);

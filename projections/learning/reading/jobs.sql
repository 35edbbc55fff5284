-- name: refresh_daily_learning_metrics#
-- One message, hence one transaction: the settings end with it. A million items make sorts of 40 to 80 MB, which are
-- to stay in memory; and workers are worth it, though the planner thinks little of groups that small.
SET LOCAL work_mem = '128MB';
SET LOCAL parallel_tuple_cost = 0.001;
REFRESH MATERIALIZED VIEW CONCURRENTLY daily_learning_metrics;

-- name: refresh_response_performance_metrics#
-- The same holds here.
SET LOCAL work_mem = '128MB';
SET LOCAL parallel_tuple_cost = 0.001;
REFRESH MATERIALIZED VIEW CONCURRENTLY response_performance_metrics;

-- name: experiment_arms(sample_size)
-- Of each variant the first responses, by time, whose outcome is known; only variants that have enough of them.
SELECT shop_id, response_type, variant, count(*) FILTER (WHERE led_to_conversion) AS conversions
  FROM (SELECT shop_id, response_type, ab_test_variant AS variant, led_to_conversion,
               row_number() OVER (PARTITION BY shop_id, response_type, ab_test_variant
                                  ORDER BY created_at, id) AS place
          FROM response_analytics
         WHERE ab_test_variant IS NOT NULL AND led_to_conversion IS NOT NULL) AS known
 WHERE place <= :sample_size
 GROUP BY shop_id, response_type, variant
HAVING count(*) = :sample_size
 ORDER BY shop_id, response_type, variant;

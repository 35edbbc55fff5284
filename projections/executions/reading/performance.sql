-- name: refresh_performance#
REFRESH MATERIALIZED VIEW CONCURRENTLY tier_performance_mv;
REFRESH MATERIALIZED VIEW CONCURRENTLY pool_performance_mv;
REFRESH MATERIALIZED VIEW CONCURRENTLY solution_patterns_mv;

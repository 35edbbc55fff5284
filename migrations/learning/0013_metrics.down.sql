DROP VIEW IF EXISTS response_metrics;
DROP VIEW IF EXISTS learning_metrics;
DROP MATERIALIZED VIEW IF EXISTS response_performance_metrics;
DROP MATERIALIZED VIEW IF EXISTS daily_learning_metrics;

DROP TABLE IF EXISTS response_analytics;

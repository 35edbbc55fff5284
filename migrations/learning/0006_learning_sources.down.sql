DROP TABLE IF EXISTS learning_sources;

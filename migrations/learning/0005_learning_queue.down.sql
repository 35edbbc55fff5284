DROP TABLE IF EXISTS learning_queue;

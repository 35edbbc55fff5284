DROP TABLE IF EXISTS conversation_memory;

DROP TABLE IF EXISTS conversation_feedback;

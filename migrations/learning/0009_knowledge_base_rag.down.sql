DROP TABLE IF EXISTS knowledge_base_rag;
DROP FUNCTION IF EXISTS normalised_text(TEXT);

DROP INDEX IF EXISTS idx_learning_embedding_hnsw;
DROP INDEX IF EXISTS idx_transcripts_embedding_hnsw;
DROP INDEX IF EXISTS idx_knowledge_embedding_hnsw;
DROP INDEX IF EXISTS idx_knowledge_question_embedding_hnsw;

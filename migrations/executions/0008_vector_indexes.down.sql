DROP INDEX IF EXISTS idx_executions_solution_embedding_hnsw;
DROP INDEX IF EXISTS idx_executions_embedding_hnsw;

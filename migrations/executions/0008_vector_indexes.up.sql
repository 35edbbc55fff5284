-- Nearest neighbours by cosine. Last and apart, so that a rebuild can fill the tables first. With 12 neighbours
-- instead of 16 a page holds eight vectors, not seven.
CREATE INDEX idx_executions_embedding_hnsw ON executions
    USING hnsw (embedding halfvec_cosine_ops) WITH (m = 12) WHERE embedding IS NOT NULL;

CREATE INDEX idx_executions_solution_embedding_hnsw ON executions
    USING hnsw (solution_embedding halfvec_cosine_ops) WITH (m = 12) WHERE solution_embedding IS NOT NULL;

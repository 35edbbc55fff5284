-- Nearest neighbours by cosine. Half precision: half the size and two thirds of the cost of an insert, with the
-- same neighbours; search with the same expression to use them. Partial: only what is searched is indexed.
-- Last and apart, so that a rebuild can fill the tables first: an index built after loading is much faster.
CREATE INDEX idx_learning_embedding_hnsw ON learning_queue
    USING hnsw ((embedding::HALFVEC(:dimensions)) halfvec_cosine_ops) WHERE status IN ('pending', 'approved');

CREATE INDEX idx_transcripts_embedding_hnsw ON voice_transcripts
    USING hnsw ((embedding::HALFVEC(:dimensions)) halfvec_cosine_ops) WHERE embedding IS NOT NULL;

CREATE INDEX idx_knowledge_embedding_hnsw ON knowledge_base_rag
    USING hnsw ((embedding::HALFVEC(:dimensions)) halfvec_cosine_ops) WHERE status = 'live';

CREATE INDEX idx_knowledge_question_embedding_hnsw ON knowledge_base_rag
    USING hnsw ((question_embedding::HALFVEC(:dimensions)) halfvec_cosine_ops) WHERE status = 'live';

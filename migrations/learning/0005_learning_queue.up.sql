-- Items: what might become knowledge, and who decided so.
-- proposed_content is the answer, else the reason or complaint, else the question; embedding is of it.
CREATE TABLE learning_queue (
    shop_id            INTEGER NOT NULL,
    id                 UUID NOT NULL,
    status             VARCHAR(20) NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'applied')),
    source_type        VARCHAR(20) NOT NULL
        CHECK (source_type IN ('feedback', 'correction', 'transcript', 'manual')),
    source_id          UUID NOT NULL,
    proposed_content   TEXT NOT NULL,
    question           TEXT,
    category           TEXT,
    embedding          VECTOR(:dimensions),
    question_embedding VECTOR(:dimensions),
    confidence_score   INTEGER NOT NULL CHECK (confidence_score BETWEEN 0 AND 100),
    version            INTEGER NOT NULL DEFAULT 1,
    metadata           JSONB NOT NULL DEFAULT '{}',
    created_at         TIMESTAMPTZ NOT NULL,
    reviewed_at        TIMESTAMPTZ,
    applied_at         TIMESTAMPTZ,
    updated_at         TIMESTAMPTZ NOT NULL,
    reviewed_by        UUID,
    assigned_to        UUID,
    assigned_at        TIMESTAMPTZ,
    PRIMARY KEY (shop_id, id)
);

-- Status leads: the scheduler asks which shops have approved items; with both given the order is no matter.
CREATE INDEX idx_learning_status ON learning_queue (status, shop_id);
CREATE INDEX idx_learning_shop_id ON learning_queue (shop_id);
CREATE INDEX idx_learning_source_type ON learning_queue (shop_id, source_type);
CREATE INDEX idx_learning_status_created ON learning_queue (shop_id, status, created_at);
CREATE INDEX idx_learning_created_at ON learning_queue (shop_id, created_at);
CREATE INDEX idx_learning_confidence ON learning_queue (shop_id, confidence_score);
CREATE INDEX idx_learning_pending ON learning_queue (shop_id, created_at) WHERE status = 'pending';
CREATE INDEX idx_learning_assigned ON learning_queue (shop_id, assigned_to) WHERE assigned_to IS NOT NULL;

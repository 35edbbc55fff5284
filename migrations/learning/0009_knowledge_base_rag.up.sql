-- Knowledge, live and past. embedding is of content (the answer), question_embedding of question.
CREATE TABLE knowledge_base_rag (
    shop_id            INTEGER NOT NULL,
    id                 UUID NOT NULL,
    category           VARCHAR,
    content            TEXT NOT NULL,
    question           TEXT,
    embedding          VECTOR(:dimensions),
    question_embedding VECTOR(:dimensions),
    source             VARCHAR,
    status             VARCHAR(20) NOT NULL CHECK (status IN ('live', 'superseded', 'retracted')),
    superseded_by      UUID,
    item_id            UUID,
    disputes           INTEGER NOT NULL DEFAULT 0 CHECK (disputes >= 0),
    metadata           JSONB NOT NULL DEFAULT '{}',
    created_at         TIMESTAMPTZ NOT NULL,
    updated_at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, id)
);

-- What makes two texts equal before any vector is looked at: case, white space and punctuation do not count.
CREATE FUNCTION normalised_text(p_text TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT btrim(regexp_replace(lower(p_text), '[[:space:][:punct:]]+', ' ', 'g'));
END;

CREATE INDEX idx_knowledge_live ON knowledge_base_rag (shop_id, created_at) WHERE status = 'live';
CREATE INDEX idx_knowledge_category ON knowledge_base_rag (shop_id, category) WHERE status = 'live';
CREATE INDEX idx_knowledge_item ON knowledge_base_rag (shop_id, item_id) WHERE item_id IS NOT NULL;
CREATE INDEX idx_knowledge_same_text ON knowledge_base_rag (shop_id, md5(normalised_text(content)))
    WHERE status = 'live';

-- 'simple': shops write in many languages, and stemming one of them would lose words of the others.
CREATE INDEX idx_knowledge_fulltext ON knowledge_base_rag
    USING gin (to_tsvector('simple', coalesce(question, '') || ' ' || content)) WHERE status = 'live';

-- Versions of one piece: each names the one that it took over from.
CREATE INDEX idx_knowledge_supersedes ON knowledge_base_rag (shop_id, (metadata ->> 'supersedes'))
    WHERE metadata ->> 'supersedes' IS NOT NULL;

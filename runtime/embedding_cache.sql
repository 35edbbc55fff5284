-- name: create()#
-- Ids ascend in the order of writing, so the oldest are the first to go.
CREATE TABLE IF NOT EXISTS embeddings (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    vector BLOB NOT NULL,
    truncated INTEGER NOT NULL
);

-- name: find(key)^
SELECT vector, truncated FROM embeddings WHERE key = :key;

-- name: keep(key, vector, truncated)*!
INSERT INTO embeddings (key, vector, truncated) VALUES (:key, :vector, :truncated)
ON CONFLICT (key) DO UPDATE SET vector = excluded.vector, truncated = excluded.truncated;

-- name: drop_oldest(bound)!
DELETE FROM embeddings WHERE id <= (SELECT max(id) FROM embeddings) - :bound;

-- name: lock()^
-- One migration of this database at a time, whatever its schema: the extension is shared.
SELECT pg_advisory_xact_lock(hashtextextended('relearn.migrations', 0));

-- name: choose_schema(schema)$
SELECT set_config('search_path', quote_ident(:schema) || ', public', TRUE);

-- name: create_schema_statement(schema)$
SELECT format('CREATE SCHEMA IF NOT EXISTS %I', :schema::TEXT);

-- name: drop_schema_statement(schema)$
SELECT format('DROP SCHEMA %I', :schema::TEXT);

-- name: has_history(schema)$
SELECT to_regclass(quote_ident(:schema) || '.schema_migrations') IS NOT NULL;

-- name: backend_pid()$
SELECT pg_backend_pid();

-- name: create_history()#
CREATE TABLE schema_migrations (
    name       TEXT PRIMARY KEY,
    checksum   TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE projection (
    version         INTEGER NOT NULL,
    embedding_model TEXT NOT NULL,
    dimensions      INTEGER NOT NULL,
    generation      INTEGER NOT NULL
);
CREATE UNIQUE INDEX projection_is_one_row ON projection ((TRUE));

-- name: drop_history()#
DROP TABLE projection;
DROP TABLE schema_migrations;

-- name: remember_projection(version, model, dimensions, generation)!
INSERT INTO projection (version, embedding_model, dimensions, generation)
VALUES (:version, :model, :dimensions, :generation);

-- name: complete_projection()#
-- Tables that were made before there were generations are of the first.
ALTER TABLE projection ADD COLUMN IF NOT EXISTS generation INTEGER NOT NULL DEFAULT 1;

-- name: projection()^
SELECT embedding_model, dimensions, generation FROM projection;

-- name: history()
SELECT name, checksum FROM schema_migrations ORDER BY name;

-- name: record_migration(name, checksum)!
INSERT INTO schema_migrations (name, checksum) VALUES (:name, :checksum);

-- name: forget_migration(name)!
DELETE FROM schema_migrations WHERE name = :name;

-- name: extension_version()$
SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'vector';

-- name: create_extension()#
-- The comment lasts as long as the extension and tells the last downgrade that nobody else brought it.
CREATE EXTENSION vector SCHEMA public;
COMMENT ON EXTENSION vector IS 'created by relearn';

-- name: extension_is_ours()$
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_extension e
     WHERE e.extname = 'vector'
       AND obj_description(e.oid, 'pg_extension') = 'created by relearn'
       AND pg_has_role(e.extowner, 'USAGE')
);

-- name: drop_extension()#
DROP EXTENSION vector;

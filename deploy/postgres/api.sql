-- The API's own user of the database. It is a member of relearn_reader, which the migrations make, and has no right
-- beside: it reads what it names shops for, and writes nothing. To be applied after `relearn migrate upgrade`, by who
-- migrates or by an administrator; once more with another password to change that.
--
--   API_POSTGRES_PASSWORD=... psql --no-psqlrc --file deploy/postgres/api.sql "$RELEARN_DATABASE_URL"
--
-- Needs psql 15 or later; what stands here works on every server from 14 on.
\set ON_ERROR_STOP on
\getenv password API_POSTGRES_PASSWORD

BEGIN;
SELECT 'CREATE ROLE relearn_api' WHERE to_regrole('relearn_api') IS NULL \gexec
ALTER ROLE relearn_api LOGIN PASSWORD :'password';
SELECT 'GRANT relearn_reader TO relearn_api' WHERE NOT pg_has_role('relearn_api', 'relearn_reader', 'MEMBER') \gexec
COMMIT;

DROP FUNCTION IF EXISTS check_similar_knowledge(INTEGER, TEXT, VECTOR, NUMERIC);
ALTER FUNCTION similar_knowledge(INTEGER, TEXT, VECTOR, NUMERIC) RENAME TO check_similar_knowledge;
DROP FUNCTION IF EXISTS seen_shop(INTEGER);

\ir ../common/reader.down.sql

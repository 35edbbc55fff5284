DROP FUNCTION IF EXISTS search_knowledge(INTEGER, TEXT, VECTOR, INTEGER);
DROP FUNCTION IF EXISTS explained_search(INTEGER, TEXT, VECTOR, INTEGER);
DROP FUNCTION IF EXISTS ranked_knowledge(INTEGER, TEXT, VECTOR, INTEGER);

-- As it was, with what belongs to it.
\ir 0015_search_knowledge.down.sql
\ir 0015_search_knowledge.up.sql

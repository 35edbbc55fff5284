\ir ../common/reader.up.sql

-- Whoever does not own the tables sees only the named shops' rows, and writes none. The setting is asked once for a
-- statement, not for every row: hence the sub-selects.
DO $$
DECLARE
    kept REGCLASS;
BEGIN
    FOREACH kept IN ARRAY '{conversation_memory, conversation_feedback, owner_corrections, voice_transcripts,
                            response_analytics, learning_queue, learning_sources, knowledge_base_rag,
                            learning_audit_log, shops}'::REGCLASS[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kept);
        EXECUTE format($policy$
            CREATE POLICY sight ON %s FOR SELECT
             USING ((SELECT current_setting('relearn.shop_ids', TRUE)) = '*'
                    OR shop_id = ANY ((SELECT string_to_array(nullif(current_setting('relearn.shop_ids', TRUE), '*'),
                                                              ','))::INTEGER[]))
            $policy$, kept);
        EXECUTE format('GRANT SELECT ON %s TO relearn_reader', kept);
    END LOOP;
END
$$;

GRANT SELECT ON learning_metrics, response_metrics TO relearn_reader;

-- For functions that read as the owner of the tables (SECURITY DEFINER): the shop, if whoever asks may see it, else
-- NULL, which is no shop's. The owner, and who may act as the owner, may see all.
CREATE FUNCTION seen_shop(p_shop_id INTEGER) RETURNS INTEGER
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p_shop_id
     WHERE pg_has_role(CASE current_setting('role') WHEN 'none' THEN session_user
                                                    ELSE current_setting('role')::NAME END, current_user, 'USAGE')
        OR current_setting('relearn.shop_ids', TRUE) = '*'
        OR p_shop_id = ANY (string_to_array(nullif(current_setting('relearn.shop_ids', TRUE), '*'), ',')::INTEGER[]);
END;

-- A condition that PostgreSQL does not know to keep its operands to itself is asked after the policy, and so never by
-- an index: as a reader, comparing texts would read all knowledge of a shop.
ALTER FUNCTION check_similar_knowledge(INTEGER, TEXT, VECTOR, NUMERIC) RENAME TO similar_knowledge;

CREATE FUNCTION check_similar_knowledge(
    p_shop_id   INTEGER,
    p_content   TEXT,
    p_embedding VECTOR,
    p_threshold NUMERIC DEFAULT 0.85
) RETURNS TABLE (id UUID, content TEXT, similarity NUMERIC)
LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
    SELECT s.id, s.content, s.similarity
      FROM similar_knowledge(seen_shop(p_shop_id), p_content, p_embedding, p_threshold) AS s;
END;

REVOKE EXECUTE ON FUNCTION check_similar_knowledge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_similar_knowledge TO relearn_reader;

-- Until now a shop was known only by what was stored of it: conversations, feedback, corrections, calls, responses.
INSERT INTO shops (shop_id, partition)
SELECT DISTINCT shop_id, log_partition FROM learning_audit_log WHERE shop_id > 0
ON CONFLICT DO NOTHING;

-- What lists are of: this shop, or all that whoever asks may see. 0 is what concerns a whole partition.
CREATE FUNCTION asked_shops(p_shop_id INTEGER) RETURNS TABLE (shop_id INTEGER)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p_shop_id WHERE p_shop_id IS NOT NULL
    UNION ALL
    SELECT s.shop_id FROM shops s WHERE p_shop_id IS NULL
    UNION ALL
    SELECT 0 WHERE p_shop_id IS NULL;
END;

-- Whether an item is one of those asked for; what is NULL is not asked for. p_like: patterns that the question and
-- what is proposed must all fit, whatever the case. Becomes part of the statement that asks, so that its indexes serve.
CREATE FUNCTION is_asked_for(
    p_item           learning_queue,
    p_status         TEXT,
    p_source_type    TEXT,
    p_category       TEXT,
    p_min_confidence INTEGER,
    p_max_confidence INTEGER,
    p_assigned_to    UUID,
    p_is_assigned    BOOLEAN,
    p_like           TEXT[]
) RETURNS BOOLEAN
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT (p_status IS NULL OR p_item.status = p_status)
       AND (p_source_type IS NULL OR p_item.source_type = p_source_type)
       AND (p_category IS NULL OR p_item.category = p_category)
       AND (p_min_confidence IS NULL OR p_item.confidence_score >= p_min_confidence)
       AND (p_max_confidence IS NULL OR p_item.confidence_score <= p_max_confidence)
       AND (p_assigned_to IS NULL OR p_item.assigned_to = p_assigned_to)
       AND (p_is_assigned IS NULL OR (p_item.assigned_to IS NOT NULL) = p_is_assigned)
       AND (p_like IS NULL OR concat_ws(' ', p_item.question, p_item.proposed_content) ILIKE ALL (p_like));
END;

-- All versions of a piece of knowledge: what it took over from, directly or not, what took over from it, and what was
-- undone. As the owner of the tables, or what took over could only be found by reading all of the shop.
CREATE FUNCTION versions_of_knowledge(p_shop_id INTEGER, p_id UUID) RETURNS TABLE (id UUID)
LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
    WITH RECURSIVE versions AS (
        SELECT k.shop_id, k.id, (k.metadata ->> 'supersedes')::UUID AS supersedes
          FROM knowledge_base_rag k
         WHERE k.shop_id = seen_shop(p_shop_id) AND k.id = p_id
         UNION
        SELECT k.shop_id, k.id, (k.metadata ->> 'supersedes')::UUID
          FROM versions v
          CROSS JOIN LATERAL (
              SELECT older.shop_id, older.id, older.metadata FROM knowledge_base_rag older
               WHERE older.shop_id = v.shop_id AND older.id = v.supersedes
               UNION ALL
              SELECT newer.shop_id, newer.id, newer.metadata FROM knowledge_base_rag newer
               WHERE newer.shop_id = v.shop_id AND newer.metadata ->> 'supersedes' = v.id::TEXT
          ) AS k
    )
    SELECT v.id FROM versions v;
END;

REVOKE EXECUTE ON FUNCTION versions_of_knowledge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION versions_of_knowledge TO relearn_reader;

-- A shop's outcomes in the order of the log, for who follows them.
CREATE INDEX idx_audit_log_order ON learning_audit_log (shop_id, log_partition, log_offset);

-- The items that a conversation led to.
CREATE INDEX idx_sources_conversation ON learning_sources (shop_id, conversation_id) WHERE conversation_id IS NOT NULL;

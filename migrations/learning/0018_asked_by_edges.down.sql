DROP INDEX IF EXISTS idx_sources_conversation;
DROP INDEX IF EXISTS idx_audit_log_order;
DROP FUNCTION IF EXISTS versions_of_knowledge(INTEGER, UUID);
DROP FUNCTION IF EXISTS is_asked_for(
    learning_queue, TEXT, TEXT, TEXT, INTEGER, INTEGER, UUID, BOOLEAN, TEXT[]
);
DROP FUNCTION IF EXISTS asked_shops(INTEGER);

-- name: table_counts()
-- How many rows each table has, exactly: for a look at a small database, not for a dashboard.
SELECT 'conversation_memory' AS name, count(*) AS rows FROM conversation_memory
UNION ALL SELECT 'conversation_feedback', count(*) FROM conversation_feedback
UNION ALL SELECT 'owner_corrections', count(*) FROM owner_corrections
UNION ALL SELECT 'voice_transcripts', count(*) FROM voice_transcripts
UNION ALL SELECT 'response_analytics', count(*) FROM response_analytics
UNION ALL SELECT 'learning_queue', count(*) FROM learning_queue
UNION ALL SELECT 'learning_sources', count(*) FROM learning_sources
UNION ALL SELECT 'knowledge_base_rag', count(*) FROM knowledge_base_rag
UNION ALL SELECT 'learning_audit_log', count(*) FROM learning_audit_log;

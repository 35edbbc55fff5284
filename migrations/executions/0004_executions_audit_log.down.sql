DROP TABLE IF EXISTS executions_audit_log;
DROP FUNCTION IF EXISTS refuse_audit_change();

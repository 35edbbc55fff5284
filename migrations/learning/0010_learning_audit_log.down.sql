DROP TABLE IF EXISTS learning_audit_log;
DROP FUNCTION IF EXISTS refuse_audit_change();

\ir ../common/reader.up.sql

-- Tasks belong to no shop: whoever does not own the tables sees them only where all shops are named, and writes none.
DO $$
DECLARE
    kept REGCLASS;
BEGIN
    FOREACH kept IN ARRAY '{executions, task_feedback, executions_audit_log, solutions, solutions_derived,
                            quality_policies}'::REGCLASS[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kept);
        EXECUTE format($policy$
            CREATE POLICY sight ON %s FOR SELECT USING ((SELECT current_setting('relearn.shop_ids', TRUE)) = '*')
            $policy$, kept);
        EXECUTE format('GRANT SELECT ON %s TO relearn_reader', kept);
    END LOOP;
END
$$;

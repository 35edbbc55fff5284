DO $$
DECLARE
    kept REGCLASS;
BEGIN
    FOR kept IN SELECT p.polrelid::REGCLASS
                  FROM pg_catalog.pg_policy p
                  JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
                 WHERE c.relnamespace = quote_ident(current_schema())::REGNAMESPACE AND p.polname = 'sight' LOOP
        EXECUTE format('DROP POLICY sight ON %s', kept);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', kept);
    END LOOP;
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM relearn_reader', current_schema());
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM relearn_reader', current_schema());
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM relearn_reader', current_schema());
    -- The comment tells that nobody else brought it. What others were granted with it, or have of it, stays.
    IF shobj_description(to_regrole('relearn_reader'), 'pg_authid') = 'created by relearn'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members
                        WHERE roleid = 'relearn_reader'::REGROLE AND member <> quote_ident(current_user)::REGROLE)
    THEN
        BEGIN
            DROP ROLE relearn_reader;
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            NULL;
        END;
    END IF;
END
$$;

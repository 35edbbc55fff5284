-- The role that reads for some shops alone. It sees what is granted to it, and of that the rows of the shops that the
-- setting relearn.shop_ids names ('7' or '7,12'; '*' is all of them; unset or empty: none). Roles are the server's,
-- not the database's: it may be there already. Who migrates becomes a member, so as to read in its place.
DO $$
DECLARE
    joined CONSTANT TEXT := CASE WHEN current_setting('server_version_num')::INTEGER < 160000 THEN 'MEMBER'
                                 ELSE 'SET' END;
BEGIN
    IF to_regrole('relearn_reader') IS NULL THEN
        BEGIN
            CREATE ROLE relearn_reader NOLOGIN;
            COMMENT ON ROLE relearn_reader IS 'created by relearn';
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database's migrator was faster
        END;
    END IF;
    IF NOT pg_has_role('relearn_reader', joined) THEN
        GRANT relearn_reader TO CURRENT_USER;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO relearn_reader', current_schema());
    -- What the tables were made for; whoever applies these files by hand has no such table.
    IF to_regclass('projection') IS NOT NULL THEN
        GRANT SELECT ON projection TO relearn_reader;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'user % may not make or join the role relearn_reader (%): let an administrator do '
                    '"CREATE ROLE relearn_reader NOLOGIN; GRANT relearn_reader TO %", then migrate again',
                    current_user, sqlerrm, quote_ident(current_user)
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- How far the log is shown is no shop's own.
GRANT SELECT ON positions TO relearn_reader;

-- name: schemas_like(pattern)
SELECT nspname FROM pg_namespace WHERE nspname LIKE :pattern ORDER BY nspname;

-- name: is_there(schema)$
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :schema);

-- name: claim(schema)$
-- For as long as the connection lives: whoever builds a schema, or only uses it for a while, holds it.
SELECT pg_try_advisory_lock(hashtextextended('relearn.building.' || :schema::TEXT, 0));

-- name: give_up(schema)$
SELECT pg_advisory_unlock(hashtextextended('relearn.building.' || :schema::TEXT, 0));

-- name: drop_statement(schema)$
SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', :schema::TEXT);

-- name: wait_briefly()^
SELECT set_config('lock_timeout', '500ms', TRUE);

-- name: shut(schema)^
-- Until the transaction ends nobody writes the schema, nor reads several of its tables at once.
SELECT pg_advisory_xact_lock(hashtextextended('relearn.schema.' || :schema::TEXT, 0));

-- name: rename_statement(schema, becomes)$
SELECT format('ALTER SCHEMA %I RENAME TO %I', :schema::TEXT, :becomes::TEXT);

-- name: refresh_statements()
SELECT format('REFRESH MATERIALIZED VIEW %I.%I', schemaname, matviewname) AS statement
  FROM pg_matviews
 WHERE schemaname = current_schema()
 ORDER BY matviewname;

-- name: see(shops)^
-- For as long as the connection lives: views of metrics show these shops, and without this none.
SELECT set_config('relearn.shop_ids', :shops, FALSE);

-- name: copy_statements(source, target, tables)
SELECT format('INSERT INTO %I.%I (%3$s) SELECT %3$s FROM %4$I.%2$I', :target::TEXT, c.relname,
              string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), :source::TEXT) AS statement
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relnamespace = quote_ident(:source)::REGNAMESPACE AND c.relname = ANY (:tables::TEXT[])
 GROUP BY c.relname;

-- name: grant_statements(source, target)
-- Whoever may use the one schema may use the other in the same way.
SELECT format('GRANT %s ON SCHEMA %I TO %s', granted.privilege_type, :target::TEXT, grantee.name) AS statement
  FROM pg_namespace n
  CROSS JOIN LATERAL aclexplode(n.nspacl) AS granted
  CROSS JOIN LATERAL (SELECT CASE granted.grantee WHEN 0 THEN 'PUBLIC'
                                                  ELSE granted.grantee::REGROLE::TEXT END AS name) AS grantee
 WHERE n.nspname = :source AND granted.grantee <> n.nspowner
UNION ALL
SELECT format('GRANT %s ON %I.%I TO %s', granted.privilege_type, :target::TEXT, c.relname, grantee.name)
  FROM pg_class c
  CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
  CROSS JOIN LATERAL (SELECT CASE granted.grantee WHEN 0 THEN 'PUBLIC'
                                                  ELSE granted.grantee::REGROLE::TEXT END AS name) AS grantee
 WHERE c.relnamespace = quote_ident(:source)::REGNAMESPACE AND c.relkind IN ('r', 'p', 'v', 'm')
   AND granted.grantee <> c.relowner
   AND to_regclass(format('%I.%I', :target::TEXT, c.relname)) IS NOT NULL
UNION ALL
SELECT format('GRANT EXECUTE ON FUNCTION %I.%I(%s) TO %s', :target::TEXT, f.proname, oidvectortypes(f.proargtypes),
              grantee.name)
  FROM pg_proc f
  CROSS JOIN LATERAL aclexplode(f.proacl) AS granted
  CROSS JOIN LATERAL (SELECT CASE granted.grantee WHEN 0 THEN 'PUBLIC'
                                                  ELSE granted.grantee::REGROLE::TEXT END AS name) AS grantee
 WHERE f.pronamespace = quote_ident(:source)::REGNAMESPACE AND f.prokind = 'f' AND granted.grantee <> f.proowner
   AND to_regprocedure(format('%I.%I(%s)', :target::TEXT, f.proname, oidvectortypes(f.proargtypes))) IS NOT NULL;

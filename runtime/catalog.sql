-- name: catalog(schema)
-- What the schema holds, one row for each part of each relation and each function, as PostgreSQL itself writes
-- it. Run with search_path set to the schema, so that its own objects come out unqualified; where PostgreSQL
-- qualifies them all the same, the name is taken out. Month partitions follow their parents and are left out.
-- NOT NULL is compared with the columns, for PostgreSQL 18 knows it as a constraint and 14 does not.
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.reloptions, c.relrowsecurity,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                          WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace = to_regnamespace(quote_ident(:schema))
       AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
       AND NOT c.relispartition
), part AS (
    SELECT relname AS owner, kind, NULL AS name,
           concat_ws(' ', 'PARTITION BY ' || pg_get_partkeydef(oid), reloptions::TEXT, pg_get_viewdef(oid),
                     CASE WHEN relrowsecurity THEN 'ROW LEVEL SECURITY' END) AS definition
      FROM relation
    UNION ALL
    SELECT r.relname, 'column', a.attname,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                     'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity::TEXT || a.attgenerated::TEXT, ''))
      FROM relation r
      JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.relname, 'index', i.relname,
           concat_ws(' ', pg_get_indexdef(x.indexrelid), CASE WHEN NOT x.indisvalid THEN '(invalid)' END)
      FROM relation r
      JOIN pg_catalog.pg_index x ON x.indrelid = r.oid
      JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    UNION ALL
    SELECT r.relname, 'constraint', k.conname, pg_get_constraintdef(k.oid)
      FROM relation r
      JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype NOT IN ('n', 't')
    UNION ALL
    SELECT r.relname, 'trigger', t.tgname,
           concat_ws(' ', pg_get_triggerdef(t.oid),
                     CASE t.tgenabled WHEN 'O' THEN NULL WHEN 'A' THEN 'ALWAYS' WHEN 'D' THEN '(disabled)'
                                      ELSE 'REPLICA' END)
      FROM relation r
      JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT r.relname, 'policy', p.polname,
           concat_ws(' ', p.polcmd::TEXT, pg_get_expr(p.polqual, p.polrelid),
                     pg_get_expr(p.polwithcheck, p.polrelid))
      FROM relation r
      JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT f.proname || '(' || pg_get_function_identity_arguments(f.oid) || ')', 'function', NULL,
           pg_get_functiondef(f.oid)
      FROM pg_catalog.pg_proc f
     WHERE f.pronamespace = to_regnamespace(quote_ident(:schema)) AND f.prokind IN ('f', 'p')
)
SELECT owner, kind, name, replace(definition, ' ' || quote_ident(:schema) || '.', ' ') AS definition
  FROM part
 ORDER BY owner, name NULLS FIRST, kind;

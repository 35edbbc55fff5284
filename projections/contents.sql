-- name: tables(without)
-- The statements that tell what each table holds; $1 are the shops whose rows are meant, NULL for everything. A row
-- stands for its columns in the order of their names, jsonb as it was stored; its key is that of the table, as JSON.
SELECT name, has_shop,
       format('SELECT count(*) AS rows, encode(sha256(coalesce(string_agg(hash, '''' ORDER BY hash), '''')), ''hex'')'
              ' AS hash FROM (SELECT %s AS hash FROM %s WHERE %s) AS hashed', hash, source, condition) AS content,
       format('SELECT (%s)::TEXT COLLATE "C" AS key, %s AS hash FROM %s WHERE %s ORDER BY 1', key, hash, source,
              condition) AS hashes,
       format('SELECT (%1$s)::TEXT AS key, to_jsonb(t) AS row FROM %2$s AS t WHERE (%1$s)::TEXT = ANY ($1)', key,
              source) AS rows
  FROM (SELECT c.relname AS name, format('%I.%I', current_schema(), c.relname) AS source, shop.has_shop,
               CASE WHEN shop.has_shop THEN '($1::INTEGER[] IS NULL OR shop_id = ANY ($1))'
                                       ELSE '$1::INTEGER[] IS NULL' END AS condition,
               (SELECT format('sha256(record_send(ROW(%s)))',
                              string_agg(CASE a.atttypid WHEN 'jsonb'::REGTYPE
                                                         THEN quote_ident(a.attname) || '::TEXT'
                                                         ELSE quote_ident(a.attname) END, ', ' ORDER BY a.attname))
                  FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   AND NOT c.relname || '.' || a.attname = ANY (:without::TEXT[])) AS hash,
               (SELECT format('jsonb_build_array(%s)',
                              string_agg(quote_ident(a.attname), ', '
                                         ORDER BY array_position(i.indkey::INTEGER[], a.attnum::INTEGER)))
                  FROM pg_index i
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary) AS key
          FROM pg_class c
          CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_attribute a
                                              WHERE a.attrelid = c.oid AND a.attname = 'shop_id') AS has_shop) AS shop
         WHERE c.relnamespace = quote_ident(current_schema())::REGNAMESPACE AND c.relkind IN ('r', 'p')
           AND NOT c.relispartition AND NOT c.relname = ANY (:without::TEXT[])) AS described
 ORDER BY name;

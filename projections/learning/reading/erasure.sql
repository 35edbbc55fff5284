-- name: erasures(shop_id)
-- What was erased, in the order of decisions; of all shops where none is named. Who it was stands in the log alone.
SELECT shop_id, at, actor AS asked_by, entity_id AS conversation_id,
       jsonb_array_length(after -> 'conversations') AS conversations,
       (after ->> 'items')::INTEGER AS items,
       (after ->> 'knowledge')::INTEGER AS knowledge,
       (after ->> 'unfinished')::BOOLEAN AS unfinished,
       (after ->> 'from_log')::BOOLEAN AS from_log,
       log_partition, log_offset
  FROM learning_audit_log
 WHERE action = 'SubjectErased' AND (:shop_id::INTEGER IS NULL OR shop_id = :shop_id)
 ORDER BY at, log_partition, log_offset, id;

-- name: copies()
-- Other schemas with tables like these: kept ones, and what is being built or was left.
SELECT n.nspname
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = 'learning_queue' AND c.relkind = 'r' AND n.nspname <> current_schema()
 ORDER BY n.nspname;

-- name: replaced_rows()$
-- Rows that were replaced or removed and are still in the files, as far as Postgres has counted.
SELECT coalesce(sum(n_dead_tup), 0)::BIGINT
  FROM pg_stat_user_tables
 WHERE schemaname = current_schema();

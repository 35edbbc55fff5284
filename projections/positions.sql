-- name: enter(schema)^
-- First in every transaction that writes: a swap of schemas takes this lock exclusively. A commit need not wait
-- for the disk, since the position is in the same transaction: a lost tail is read again from the log.
SELECT pg_advisory_xact_lock_shared(hashtextextended('relearn.schema.' || :schema::TEXT, 0)),
       set_config('synchronous_commit', 'off', TRUE);

-- name: enter_to_read(schema, role, shops)^
-- First in a transaction that reads more than one table, so that a swap does not come between them. Many ask at
-- once: starting helpers for each would take longer than they save. The role comes last: all else is done as who
-- is connected.
SELECT pg_advisory_xact_lock_shared(hashtextextended('relearn.schema.' || :schema::TEXT, 0)),
       set_config('max_parallel_workers_per_gather', '0', TRUE),
       set_config('relearn.shop_ids', :shops, TRUE),
       set_config('role', :role, TRUE);

-- name: add_position(topic, partition)!
INSERT INTO positions (topic, partition, next_offset, seq)
VALUES (:topic, :partition, 0, 0)
ON CONFLICT DO NOTHING;

-- name: read_position(topic, partition)^
SELECT next_offset, seq FROM positions WHERE topic = :topic AND partition = :partition;

-- name: lock_position(topic, partition, generation)^
-- None if the tables are of another generation of the log by now.
SELECT next_offset, seq
  FROM positions
 WHERE topic = :topic AND partition = :partition
   AND EXISTS (SELECT FROM projection WHERE generation = :generation)
   FOR UPDATE;

-- name: move_position(topic, partition, next_offset, seq, decided_at)!
UPDATE positions
   SET next_offset = :next_offset, seq = :seq, decided_at = :decided_at,
       stopped_offset = NULL, stopped_reason = NULL
 WHERE topic = :topic AND partition = :partition;

-- name: mark_stopped(topic, partition, stopped_offset, reason)!
-- Unless another projector got further.
UPDATE positions
   SET stopped_offset = :stopped_offset, stopped_reason = :reason
 WHERE topic = :topic AND partition = :partition AND next_offset <= :stopped_offset;

-- name: positions()
SELECT topic, partition, next_offset, seq, decided_at, stopped_offset, stopped_reason
  FROM positions
 ORDER BY topic, partition;

-- name: shown_model()$
-- The model whose vectors this schema was made for.
SELECT embedding_model FROM projection;

-- name: shown_generation()$
-- Of which generation of the log the tables are.
SELECT generation FROM projection;

-- name: shown_version()$
-- What filled this schema.
SELECT version FROM projection;

-- name: create_month(table_name, month)^
SELECT create_month_partition(:table_name, :month);

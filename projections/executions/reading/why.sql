-- name: appearances(id)
-- Every record that decided something about a task, in the order of decisions.
SELECT 0 AS shop_id, entity, entity_id, at, actor, action, log_partition, log_offset
  FROM executions_audit_log
 WHERE entity_id = :id
 ORDER BY at, log_offset, place;

-- name: standing(id)
-- How it stands now: the row, less its vectors.
SELECT to_jsonb(e) - '{embedding,solution_embedding}'::TEXT[] AS row FROM executions e WHERE task_id = :id;

-- name: audited(partition, next_offset)
-- What the audit holds of each record that is shown, in the order of the log.
SELECT log_offset, array_agg(action ORDER BY action) AS actions
  FROM executions_audit_log
 WHERE log_partition = :partition AND log_offset < :next_offset
 GROUP BY log_offset
 ORDER BY log_offset;

-- name: audited_beyond(partition, next_offset)$
-- The first record that the audit holds and that is not shown, as far as the position says.
SELECT min(log_offset)
  FROM executions_audit_log
 WHERE log_partition = :partition AND log_offset >= :next_offset;

-- name: shops_of(partition)
-- Tasks belong to no shop.
SELECT 0 AS shop_id WHERE :partition < 0;

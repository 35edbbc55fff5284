-- name: audited(topic, partition, next_offset)
-- What the audit holds of each record that is shown, in the order of the log.
SELECT log_offset, array_agg(action ORDER BY action) AS actions
  FROM learning_audit_log
 WHERE topic = :topic AND log_partition = :partition AND log_offset < :next_offset
 GROUP BY log_offset
 ORDER BY log_offset;

-- name: audited_beyond(topic, partition, next_offset)$
-- The first record that the audit holds and that is not shown, as far as the position says.
SELECT min(log_offset)
  FROM learning_audit_log
 WHERE topic = :topic AND log_partition = :partition AND log_offset >= :next_offset;

-- name: shops_of(partition)
-- Which shops are in a partition.
SELECT shop_id FROM shops WHERE partition = :partition ORDER BY shop_id;

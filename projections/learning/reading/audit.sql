-- name: audit_of(shop_id, id, page_size)
-- What happened to one item or piece of knowledge, latest first.
SELECT at, actor, action, entity, before, after, event_id, log_partition, log_offset, policy
  FROM learning_audit_log
 WHERE shop_id = :shop_id AND entity_id = :id
 ORDER BY at DESC, log_offset DESC, id
 LIMIT :page_size;

-- name: audit_page(shop_id, actor, action, from_time, to_time, after_time, after_offset, after_id, page_size)
-- What happened, latest first; to_time is not within. What is not asked for is not compared.
SELECT page.*
  FROM asked_shops(:shop_id) AS s
  CROSS JOIN LATERAL (
      SELECT a.shop_id, a.id, a.at, a.actor, a.action, a.entity, a.entity_id, a.before, a.after, a.event_id, a.topic,
             a.log_partition, a.log_offset, a.policy
        FROM learning_audit_log a
       WHERE a.shop_id = s.shop_id
         AND (:actor::TEXT IS NULL OR a.actor = :actor)
         AND (:action::TEXT IS NULL OR a.action = :action)
         AND (:from_time::TIMESTAMPTZ IS NULL OR a.at >= :from_time)
         AND (:to_time::TIMESTAMPTZ IS NULL OR a.at < :to_time)
         AND (:after_time::TIMESTAMPTZ IS NULL
              OR (a.at, a.log_offset, a.id) < (:after_time, :after_offset::BIGINT, :after_id::UUID))
       ORDER BY a.at DESC, a.log_offset DESC, a.id DESC
       LIMIT :page_size
  ) AS page
 ORDER BY page.at DESC, page.log_offset DESC, page.id DESC
 LIMIT :page_size;

-- name: audit_page_of(shop_id, entity_id, actor, action, from_time, to_time, after_time, after_offset, after_id, page_size)
-- The same of one entity, which has an index.
SELECT a.shop_id, a.id, a.at, a.actor, a.action, a.entity, a.entity_id, a.before, a.after, a.event_id, a.topic,
       a.log_partition, a.log_offset, a.policy
  FROM asked_shops(:shop_id) AS s
  JOIN learning_audit_log a ON a.shop_id = s.shop_id AND a.entity_id = :entity_id
 WHERE (:actor::TEXT IS NULL OR a.actor = :actor)
   AND (:action::TEXT IS NULL OR a.action = :action)
   AND (:from_time::TIMESTAMPTZ IS NULL OR a.at >= :from_time)
   AND (:to_time::TIMESTAMPTZ IS NULL OR a.at < :to_time)
   AND (:after_time::TIMESTAMPTZ IS NULL
        OR (a.at, a.log_offset, a.id) < (:after_time, :after_offset::BIGINT, :after_id::UUID))
 ORDER BY a.at DESC, a.log_offset DESC, a.id DESC
 LIMIT :page_size;

-- name: outcomes_between(partitions, begins, ends, shop_ids, most)
-- What was decided from these offsets on and before those, by partition, in the order of time and so of each
-- partition's log. No record is cut: there may be some more than `most`.
SELECT told.*
  FROM (SELECT found.*
          FROM unnest(:partitions::INTEGER[], :begins::BIGINT[], :ends::BIGINT[]) AS p (partition, next_offset, shown)
          CROSS JOIN LATERAL (
              SELECT s.shop_id FROM shops s WHERE s.partition = p.partition
               UNION ALL
              SELECT 0
          ) AS s
          CROSS JOIN LATERAL (
              SELECT a.shop_id, a.id, a.at, a.actor, a.action, a.entity, a.entity_id, a.before, a.after, a.event_id,
                     a.topic, a.log_partition, a.log_offset, a.policy
                FROM learning_audit_log a
               WHERE a.shop_id = s.shop_id AND a.log_partition = p.partition
                 AND a.log_offset >= p.next_offset AND a.log_offset < p.shown
               ORDER BY a.log_offset
               FETCH FIRST :most ROWS WITH TIES
          ) AS found
         WHERE :shop_ids::INTEGER[] IS NULL OR s.shop_id = ANY (:shop_ids)
         ORDER BY found.at, found.log_partition, found.log_offset
         FETCH FIRST :most ROWS WITH TIES) AS told
 ORDER BY told.at, told.log_partition, told.log_offset, told.id;

-- What came before a time is removed, for the shops of one partition of the log: the others are decided by theirs.

-- name: forget_conversations(partition, before)!
-- The words go; a stub stays for what refers to it.
UPDATE conversation_memory c
   SET user_id = NULL, channel = NULL, transcript = NULL, summary = NULL, embedding = NULL, metadata = NULL,
       created_at = NULL
  FROM unnest(:partition::INTEGER[], :before::TIMESTAMPTZ[]) AS v (partition, before)
  JOIN shops s ON s.partition = v.partition
 WHERE c.shop_id = s.shop_id AND c.created_at < v.before;

-- name: forget_feedback(partition, before)!
DELETE FROM conversation_feedback f
 USING unnest(:partition::INTEGER[], :before::TIMESTAMPTZ[]) AS v (partition, before)
  JOIN shops s ON s.partition = v.partition
 WHERE f.shop_id = s.shop_id AND f.created_at < v.before;

-- name: forget_responses(partition, before)!
DELETE FROM response_analytics r
 USING unnest(:partition::INTEGER[], :before::TIMESTAMPTZ[]) AS v (partition, before)
  JOIN shops s ON s.partition = v.partition
 WHERE r.shop_id = s.shop_id AND r.created_at < v.before;

-- name: forget_calls(partition, before)!
DELETE FROM voice_transcripts t
 USING unnest(:partition::INTEGER[], :before::TIMESTAMPTZ[]) AS v (partition, before)
  JOIN shops s ON s.partition = v.partition
 WHERE t.shop_id = s.shop_id AND t.created_at < v.before;

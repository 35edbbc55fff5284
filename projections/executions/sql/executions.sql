-- name: store_execution(task_id, timestamp, task_type, task_description, repo, file_count, estimated_tokens, model_tier, pool_type, pool_id, swarm_topology, routing_confidence, complexity_score, success, duration_seconds, quality_score, cost_estimate, cost_actual, cost_error, error_type, error_message, user_accepted, user_rating, peak_memory_mb, cpu_time_seconds, solution_summary, embedding, solution_embedding, metadata, recorded_at, log_partition)!
-- A task that is here already is not stored again: the decider forgets closed tasks after some days.
INSERT INTO executions
       (task_id, timestamp, task_type, task_description, repo, file_count, estimated_tokens, model_tier, pool_type,
        pool_id, swarm_topology, routing_confidence, complexity_score, success, duration_seconds, quality_score,
        cost_estimate, cost_actual, cost_error, error_type, error_message, user_accepted, user_rating,
        peak_memory_mb, cpu_time_seconds, solution_summary, embedding, solution_embedding, metadata, recorded_at,
        log_partition)
SELECT task_id, timestamp, task_type, task_description, repo, file_count, estimated_tokens, model_tier, pool_type,
       pool_id, swarm_topology, routing_confidence, complexity_score, success, duration_seconds, quality_score,
       cost_estimate, cost_actual, cost_error, error_type, error_message, user_accepted, user_rating,
       peak_memory_mb, cpu_time_seconds, solution_summary, embedding::HALFVEC, solution_embedding::HALFVEC,
       metadata::JSONB, recorded_at, log_partition
  FROM unnest(:task_id::TEXT[], :timestamp::TIMESTAMPTZ[], :task_type::TEXT[], :task_description::TEXT[],
              :repo::TEXT[], :file_count::INTEGER[], :estimated_tokens::INTEGER[], :model_tier::TEXT[],
              :pool_type::TEXT[], :pool_id::TEXT[], :swarm_topology::TEXT[], :routing_confidence::FLOAT8[],
              :complexity_score::FLOAT8[], :success::BOOLEAN[], :duration_seconds::FLOAT8[],
              :quality_score::FLOAT8[], :cost_estimate::FLOAT8[], :cost_actual::FLOAT8[], :cost_error::FLOAT8[],
              :error_type::TEXT[], :error_message::TEXT[], :user_accepted::BOOLEAN[], :user_rating::INTEGER[],
              :peak_memory_mb::FLOAT8[], :cpu_time_seconds::FLOAT8[], :solution_summary::TEXT[],
              :embedding::VECTOR[], :solution_embedding::VECTOR[], :metadata::TEXT[], :recorded_at::TIMESTAMPTZ[],
              :log_partition::INTEGER[])
    AS v (task_id, timestamp, task_type, task_description, repo, file_count, estimated_tokens, model_tier,
          pool_type, pool_id, swarm_topology, routing_confidence, complexity_score, success, duration_seconds,
          quality_score, cost_estimate, cost_actual, cost_error, error_type, error_message, user_accepted,
          user_rating, peak_memory_mb, cpu_time_seconds, solution_summary, embedding, solution_embedding, metadata,
          recorded_at, log_partition)
 WHERE NOT EXISTS (SELECT FROM executions e WHERE e.task_id = v.task_id);

-- name: store_task_feedback(id, task_id, accepted, rating, comment, by, created_at, log_partition)!
INSERT INTO task_feedback (id, task_id, accepted, rating, comment, by, created_at, log_partition)
SELECT *
  FROM unnest(:id::UUID[], :task_id::TEXT[], :accepted::BOOLEAN[], :rating::INTEGER[], :comment::TEXT[],
              :by::TEXT[], :created_at::TIMESTAMPTZ[], :log_partition::INTEGER[])
ON CONFLICT DO NOTHING;

-- name: note_opinion(task_id, accepted, rating)!
-- The latest opinion counts, for what it says.
UPDATE executions e
   SET user_accepted = coalesce(v.accepted, e.user_accepted), user_rating = coalesce(v.rating, e.user_rating)
  FROM unnest(:task_id::TEXT[], :accepted::BOOLEAN[], :rating::INTEGER[]) AS v (task_id, accepted, rating)
 WHERE e.task_id = v.task_id;

-- name: forget_executions(partition, before)!
DELETE FROM executions e
 USING unnest(:partition::INTEGER[], :before::TIMESTAMPTZ[]) AS v (partition, before)
 WHERE e.log_partition = v.partition AND e.timestamp < v.before;

-- name: forget_task_feedback(partition, before)!
DELETE FROM task_feedback f
 USING unnest(:partition::INTEGER[], :before::TIMESTAMPTZ[]) AS v (partition, before)
 WHERE f.log_partition = v.partition AND f.created_at < v.before;

-- name: derivation_begins(one)^
-- Where the derivation stands; whoever else derives waits here.
INSERT INTO solutions_derived (one, recorded_at, task_id)
VALUES (:one, '-infinity', '')
ON CONFLICT (one) DO UPDATE SET task_id = solutions_derived.task_id
RETURNING recorded_at, task_id;

-- name: decided_up_to(topic)^
-- How many partitions are shown, and up to when all of them are: before that nothing more will come.
SELECT count(*) AS partitions, min(decided_at) AS decided_at FROM positions WHERE topic = :topic;

-- name: executions_to_learn_from(recorded_at, task_id, before, page_size)
-- What has a solution and was not looked at, in the order of decisions.
SELECT task_id, timestamp, task_type, repo, success, quality_score, solution_summary, solution_embedding, recorded_at
  FROM executions
 WHERE (recorded_at, task_id) > (:recorded_at, :task_id::TEXT)
   AND recorded_at < :before
   AND solution_embedding IS NOT NULL AND task_type IS NOT NULL AND repo IS NOT NULL AND success IS NOT NULL
 ORDER BY recorded_at, task_id
 LIMIT :page_size;

-- name: solutions_of(task_types)
-- In the order in which they began.
SELECT id, task_type, summary, embedding, repos, uses, successes, mean_quality, rated, first_seen, last_used
  FROM solutions
 WHERE task_type = ANY (:task_types::TEXT[])
 ORDER BY first_seen, id;

-- name: store_solutions(id, task_type, summary, embedding, repos, uses, successes, mean_quality, rated, first_seen, last_used)!
-- repos are JSON lists: an array of arrays would have to be square.
INSERT INTO solutions
       (id, task_type, summary, embedding, repos, uses, successes, success_rate, mean_quality, rated, cross_project,
        first_seen, last_used)
SELECT id, task_type, summary, embedding::HALFVEC, ARRAY (SELECT jsonb_array_elements_text(repos::JSONB)), uses,
       successes, successes::FLOAT8 / uses, mean_quality, rated, jsonb_array_length(repos::JSONB) > 1, first_seen,
       last_used
  FROM unnest(:id::UUID[], :task_type::TEXT[], :summary::TEXT[], :embedding::VECTOR[], :repos::TEXT[],
              :uses::INTEGER[], :successes::INTEGER[], :mean_quality::FLOAT8[], :rated::INTEGER[],
              :first_seen::TIMESTAMPTZ[], :last_used::TIMESTAMPTZ[])
    AS v (id, task_type, summary, embedding, repos, uses, successes, mean_quality, rated, first_seen, last_used)
ON CONFLICT (id) DO UPDATE
   SET repos = excluded.repos, uses = excluded.uses, successes = excluded.successes,
       success_rate = excluded.success_rate, mean_quality = excluded.mean_quality, rated = excluded.rated,
       cross_project = excluded.cross_project, last_used = excluded.last_used;

-- name: derivation_ends(recorded_at, task_id)!
UPDATE solutions_derived SET recorded_at = :recorded_at, task_id = :task_id;

-- name: drop_derived#
DELETE FROM solutions;
DELETE FROM solutions_derived;
DELETE FROM quality_policies;

-- name: forget_policies()!
DELETE FROM quality_policies;

-- name: derive_policies()!
-- A repo is mature after 100 executions of which four fifths succeeded with qualities that differ little, and
-- growing after 20. The more is known of it, the nearer to its own mean is what its results are held to, and the
-- less confidence a routing needs.
INSERT INTO quality_policies
       (repo, maturity, executions, success_rate, mean_quality, quality_spread, minimum_quality, minimum_confidence)
SELECT repo, maturity, executions, success_rate, mean_quality, quality_spread,
       CASE maturity WHEN 'new' THEN 60
                     WHEN 'growing' THEN greatest(60, coalesce(mean_quality - quality_spread, 60))
                     ELSE greatest(60, mean_quality - quality_spread / 2) END,
       CASE maturity WHEN 'new' THEN 0.8 WHEN 'growing' THEN 0.7 ELSE 0.6 END
  FROM (SELECT *,
               CASE WHEN executions >= 100 AND success_rate >= 0.8 AND quality_spread <= 15 THEN 'mature'
                    WHEN executions >= 20 THEN 'growing'
                    ELSE 'new' END AS maturity
          FROM (SELECT repo, count(*)::INTEGER AS executions, avg(success::INTEGER)::FLOAT8 AS success_rate,
                       avg(quality_score) AS mean_quality, stddev_samp(quality_score) AS quality_spread
                  FROM executions
                 WHERE repo IS NOT NULL AND success IS NOT NULL
                 GROUP BY repo) AS counted) AS judged;

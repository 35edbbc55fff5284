-- name: add_source(shop_id, item_id, source_id, source_type, conversation_id, actor_id, base_confidence, similarity, at)!
INSERT INTO learning_sources
       (shop_id, item_id, source_id, source_type, conversation_id, actor_id, base_confidence, similarity, at)
SELECT shop_id, item_id, source_id, source_type, conversation_id, actor_id, base_confidence, similarity::NUMERIC, at
  FROM unnest(:shop_id::INTEGER[], :item_id::UUID[], :source_id::UUID[], :source_type::TEXT[],
              :conversation_id::UUID[], :actor_id::TEXT[], :base_confidence::INTEGER[], :similarity::FLOAT8[],
              :at::TIMESTAMPTZ[])
    AS v (shop_id, item_id, source_id, source_type, conversation_id, actor_id, base_confidence, similarity, at)
ON CONFLICT DO NOTHING;

-- name: move_source(shop_id, item_id, source_id, new_item_id)!
UPDATE learning_sources s
   SET item_id = v.new_item_id, similarity = NULL
  FROM unnest(:shop_id::INTEGER[], :item_id::UUID[], :source_id::UUID[], :new_item_id::UUID[])
    AS v (shop_id, item_id, source_id, new_item_id)
 WHERE s.shop_id = v.shop_id AND s.item_id = v.item_id AND s.source_id = v.source_id;

-- name: revert_merge(shop_id, id, source_id, kind, content, embedding, question, question_embedding, category, at)!
-- The source is no longer listed; the item is named after its earliest remaining source.
UPDATE learning_queue q
   SET proposed_content = v.content,
       embedding = v.embedding,
       question = v.question,
       question_embedding = v.question_embedding,
       category = v.category,
       source_type = v.remaining -> 0 ->> 'source_type',
       source_id = (v.remaining -> 0 ->> 'source_id')::UUID,
       metadata = q.metadata || jsonb_build_object('sources', v.remaining, 'content', v.kind),
       updated_at = v.at
  FROM (SELECT u.*,
               (SELECT jsonb_agg(s.source ORDER BY s.place)
                  FROM jsonb_array_elements(i.metadata -> 'sources') WITH ORDINALITY AS s (source, place)
                 WHERE s.source ->> 'source_id' <> u.source_id::TEXT) AS remaining
          FROM unnest(:shop_id::INTEGER[], :id::UUID[], :source_id::UUID[], :kind::TEXT[], :content::TEXT[],
                      :embedding::VECTOR[], :question::TEXT[], :question_embedding::VECTOR[], :category::TEXT[],
                      :at::TIMESTAMPTZ[])
            AS u (shop_id, id, source_id, kind, content, embedding, question, question_embedding, category, at)
          JOIN learning_queue i ON i.shop_id = u.shop_id AND i.id = u.id) AS v
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: split_item(shop_id, id, split_from, source_id, status, source_type, content, question, category, embedding, question_embedding, confidence, version, metadata, created_at, at)!
-- The source is still listed with the item that it leaves, with the time it came and what it contradicts.
INSERT INTO learning_queue
       (shop_id, id, status, source_type, source_id, proposed_content, question, category, embedding,
        question_embedding, confidence_score, version, metadata, created_at, updated_at)
SELECT v.shop_id, v.id, v.status, v.source_type, v.source_id, v.content, v.question, v.category, v.embedding,
       v.question_embedding, v.confidence, v.version,
       v.metadata::JSONB || jsonb_build_object(
           'sources', jsonb_build_array(moved.source),
           'conflicts', (SELECT coalesce(jsonb_agg(DISTINCT c), '[]')
                           FROM jsonb_array_elements(moved.source -> 'conflicts') AS c)),
       v.created_at, v.at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :split_from::UUID[], :source_id::UUID[], :status::TEXT[],
              :source_type::TEXT[], :content::TEXT[], :question::TEXT[], :category::TEXT[], :embedding::VECTOR[],
              :question_embedding::VECTOR[], :confidence::INTEGER[], :version::INTEGER[], :metadata::TEXT[],
              :created_at::TIMESTAMPTZ[], :at::TIMESTAMPTZ[])
    AS v (shop_id, id, split_from, source_id, status, source_type, content, question, category, embedding,
          question_embedding, confidence, version, metadata, created_at, at)
  JOIN learning_queue old ON old.shop_id = v.shop_id AND old.id = v.split_from
  CROSS JOIN LATERAL (SELECT s.source
                        FROM jsonb_array_elements(old.metadata -> 'sources') AS s (source)
                       WHERE s.source ->> 'source_id' = v.source_id::TEXT) AS moved
ON CONFLICT DO NOTHING;

-- name: link_split(shop_id, id, at)!
-- Whatever the new item's source contradicts hears of the new item.
UPDATE learning_queue q
   SET metadata = q.metadata || jsonb_build_object('conflicts', v.all_conflicts), updated_at = v.at
  FROM (SELECT o.shop_id, o.id, u.at,
               (SELECT jsonb_agg(DISTINCT c)
                  FROM jsonb_array_elements(o.metadata -> 'conflicts' || to_jsonb(u.id::TEXT)) AS c) AS all_conflicts
          FROM unnest(:shop_id::INTEGER[], :id::UUID[], :at::TIMESTAMPTZ[]) AS u (shop_id, id, at)
          JOIN learning_queue i ON i.shop_id = u.shop_id AND i.id = u.id
          CROSS JOIN LATERAL jsonb_array_elements_text(i.metadata -> 'conflicts') AS other (id)
          JOIN learning_queue o ON o.shop_id = u.shop_id AND o.id = other.id::UUID) AS v
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

-- name: unlink_items(shop_id, id, at)!
-- Two items are in conflict as long as a source of one contradicts the other.
WITH ended AS (
    SELECT i.shop_id, i.id, o.id AS other, u.at
      FROM unnest(:shop_id::INTEGER[], :id::UUID[], :at::TIMESTAMPTZ[]) AS u (shop_id, id, at)
      JOIN learning_queue i ON i.shop_id = u.shop_id AND i.id = u.id
      CROSS JOIN LATERAL jsonb_array_elements_text(i.metadata -> 'conflicts') AS listed (id)
      JOIN learning_queue o ON o.shop_id = u.shop_id AND o.id = listed.id::UUID
     WHERE NOT jsonb_path_exists(i.metadata, '$.sources[*].conflicts[*] ? (@ == $id)', jsonb_build_object('id', o.id))
       AND NOT jsonb_path_exists(o.metadata, '$.sources[*].conflicts[*] ? (@ == $id)', jsonb_build_object('id', i.id))
), both_ways AS (
    SELECT shop_id, id, other, at FROM ended
     UNION ALL
    SELECT shop_id, other, id, at FROM ended
)
UPDATE learning_queue q
   SET metadata = q.metadata || jsonb_build_object('conflicts', (q.metadata -> 'conflicts') - v.others),
       updated_at = v.at
  FROM (SELECT shop_id, id, array_agg(other::TEXT) AS others, max(at) AS at FROM both_ways GROUP BY shop_id, id) AS v
 WHERE q.shop_id = v.shop_id AND q.id = v.id;

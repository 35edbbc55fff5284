-- name: see_shop(shop_id, partition)!
INSERT INTO shops (shop_id, partition)
SELECT * FROM unnest(:shop_id::INTEGER[], :partition::INTEGER[])
ON CONFLICT DO NOTHING;

-- name: see_conversation(shop_id, id)!
-- A stub, for something that refers to the conversation.
INSERT INTO conversation_memory (shop_id, id)
SELECT * FROM unnest(:shop_id::INTEGER[], :id::UUID[])
ON CONFLICT DO NOTHING;

-- name: store_conversation(shop_id, id, user_id, channel, transcript, summary, embedding, metadata, created_at)!
-- The latest wins; a stub is filled.
INSERT INTO conversation_memory (shop_id, id, user_id, channel, transcript, summary, embedding, metadata, created_at)
SELECT shop_id, id, user_id, channel, transcript, summary, embedding, metadata::JSONB, created_at
  FROM unnest(:shop_id::INTEGER[], :id::UUID[], :user_id::TEXT[], :channel::TEXT[], :transcript::TEXT[],
              :summary::TEXT[], :embedding::VECTOR[], :metadata::TEXT[], :created_at::TIMESTAMPTZ[])
    AS v (shop_id, id, user_id, channel, transcript, summary, embedding, metadata, created_at)
ON CONFLICT (shop_id, id) DO UPDATE
   SET user_id = excluded.user_id,
       channel = excluded.channel,
       transcript = excluded.transcript,
       summary = excluded.summary,
       embedding = excluded.embedding,
       metadata = excluded.metadata,
       created_at = excluded.created_at;

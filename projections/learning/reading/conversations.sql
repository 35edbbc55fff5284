-- name: transcript(shop_id, id)$
SELECT transcript FROM conversation_memory WHERE shop_id = :shop_id AND id = :id;

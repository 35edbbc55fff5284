-- name: learning_by_day(shop_id, source_type, first_day, last_day)
-- Days are UTC days, both of these included. What is not asked for is not compared.
SELECT date, shop_id, source_type, status, count, avg_confidence
  FROM learning_metrics
 WHERE (:shop_id::INTEGER IS NULL OR shop_id = :shop_id)
   AND (:source_type::TEXT IS NULL OR source_type = :source_type)
   AND (:first_day::DATE IS NULL OR date >= :first_day)
   AND (:last_day::DATE IS NULL OR date <= :last_day)
 ORDER BY date, shop_id, source_type, status;

-- name: responses_by_day(shop_id, response_type, first_day, last_day)
SELECT date, shop_id, response_type, total_responses, avg_engagement, conversion_rate, avg_response_time
  FROM response_metrics
 WHERE (:shop_id::INTEGER IS NULL OR shop_id = :shop_id)
   AND (:response_type::TEXT IS NULL OR response_type = :response_type)
   AND (:first_day::DATE IS NULL OR date >= :first_day)
   AND (:last_day::DATE IS NULL OR date <= :last_day)
 ORDER BY date, shop_id, response_type;

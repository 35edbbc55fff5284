-- Numbers for dashboards, refreshed CONCURRENTLY (hence the unique indexes). Days are UTC days.
--
-- Both are made in the order of their own columns. A concurrent refresh sorts the new rows twice, as whole records
-- and byte by byte, to see that none is there twice; rows that come sorted take a third of the time. Words are
-- grouped in that same order, by bytes ("C"), so that the rows are sorted once and without the rules of a
-- language; the columns themselves have the database's collation.
CREATE MATERIALIZED VIEW daily_learning_metrics AS
SELECT date,
       shop_id,
       source_type COLLATE "default" AS source_type,
       status COLLATE "default" AS status,
       count,
       avg_confidence
  FROM (SELECT (created_at AT TIME ZONE 'UTC')::DATE AS date,
               shop_id,
               source_type COLLATE "C" AS source_type,
               status COLLATE "C" AS status,
               count(*) AS count,
               round(avg(confidence_score), 2) AS avg_confidence
          FROM learning_queue
         GROUP BY 1, 2, 3, 4
         ORDER BY 1, 2, 3, 4) AS counted;

CREATE UNIQUE INDEX idx_daily_learning_metrics ON daily_learning_metrics (shop_id, date, source_type, status);

-- conversion_rate: of the responses whose outcome is known, the share that converted (0 to 1).
-- avg_response_time is in milliseconds.
CREATE MATERIALIZED VIEW response_performance_metrics AS
SELECT shop_id,
       response_type COLLATE "default" AS response_type,
       date,
       total_responses,
       avg_engagement,
       conversion_rate,
       avg_response_time
  FROM (SELECT shop_id,
               response_type COLLATE "C" AS response_type,
               (created_at AT TIME ZONE 'UTC')::DATE AS date,
               count(*) AS total_responses,
               round(avg(user_engagement_score)::NUMERIC, 2) AS avg_engagement,
               round(avg(led_to_conversion::INTEGER), 4) AS conversion_rate,
               round(avg(response_time_ms), 2) AS avg_response_time
          FROM response_analytics
         GROUP BY 1, 2, 3
         ORDER BY 1, 2, 3) AS counted;

CREATE UNIQUE INDEX idx_response_performance_metrics
    ON response_performance_metrics (shop_id, response_type, date);

-- Readers see the shops named in the setting relearn.shop_ids ('7' or '7,12'; '*' is all of them). Unset or
-- empty shows nothing. Grant readers the views, never the materialized views.
CREATE VIEW learning_metrics WITH (security_barrier) AS
SELECT date, shop_id, source_type, status, count, avg_confidence
  FROM daily_learning_metrics
 WHERE current_setting('relearn.shop_ids', TRUE) = '*'
    OR shop_id = ANY (string_to_array(nullif(current_setting('relearn.shop_ids', TRUE), '*'), ',')::INTEGER[]);

CREATE VIEW response_metrics WITH (security_barrier) AS
SELECT shop_id, response_type, date, total_responses, avg_engagement, conversion_rate, avg_response_time
  FROM response_performance_metrics
 WHERE current_setting('relearn.shop_ids', TRUE) = '*'
    OR shop_id = ANY (string_to_array(nullif(current_setting('relearn.shop_ids', TRUE), '*'), ',')::INTEGER[]);

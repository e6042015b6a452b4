-- Weeks from Sunday on, the year from February on, by the day that a clock in Berlin shows.
SELECT
  day - extract(dow FROM day)::integer AS week,
  extract(dow FROM due_on)::integer + 1 AS weekday,
  make_date((extract(year FROM paid_at)::integer) - CASE WHEN extract(month FROM paid_at) = 1 THEN 1 ELSE 0 END,
            CASE WHEN extract(month FROM paid_at) IN (2, 3, 4) THEN 2 WHEN extract(month FROM paid_at) IN (5, 6, 7) THEN 5
                 WHEN extract(month FROM paid_at) IN (8, 9, 10) THEN 8 ELSE 11 END, 1)
    AS quarter,
  make_date(extract(year FROM due_on)::integer - CASE WHEN extract(month FROM due_on) < 2 THEN 1 ELSE 0 END, 2, 1) AS year,
  CASE WHEN extract(month FROM day) IN (2, 3, 4) THEN 1 WHEN extract(month FROM day) IN (5, 6, 7) THEN 2
       WHEN extract(month FROM day) IN (8, 9, 10) THEN 3 ELSE 4 END AS nth,
  count(*)
FROM (SELECT *, (ordered_at AT TIME ZONE 'Europe/Berlin')::date AS day FROM orders) AS orders
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5

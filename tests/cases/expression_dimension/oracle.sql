SELECT CASE WHEN total >= 1000 THEN 'large' WHEN total IS NULL THEN 'unknown' ELSE 'small' END,
       extract(hour FROM ordered_at AT TIME ZONE 'Europe/Berlin')::bigint, count(*)
FROM orders GROUP BY 1, 2 ORDER BY 1, 2

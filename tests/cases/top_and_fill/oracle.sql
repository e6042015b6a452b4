-- Months without an order are there for the first status and for the others.
WITH these AS (
    SELECT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month, status, total FROM orders
    WHERE ordered_at >= '2025-05-01 00:00+00' AND ordered_at < '2025-11-01 00:00+00'
), winner AS (SELECT status FROM these GROUP BY status ORDER BY count(*) DESC, status LIMIT 1),
marked AS (SELECT month, CASE WHEN status IN (TABLE winner) THEN status END AS status, status NOT IN (TABLE winner) AS is_other, total FROM these),
months AS (SELECT generate_series('2025-05-01'::timestamp, '2025-10-01', '1 month')::date AS month),
statuses AS (SELECT DISTINCT status, is_other FROM marked)
SELECT m.month, s.status, s.is_other, count(x.month), avg(x.total)
FROM months m CROSS JOIN statuses s
LEFT JOIN marked x ON x.month = m.month AND x.is_other = s.is_other
GROUP BY 1, 2, 3 ORDER BY m.month, s.is_other, s.status;

-- The total of each period is over its rows, not over months; the months that neither has are filled.
WITH months(month, previous) AS (VALUES
    ('2025-06-01'::date, '2025-03-01'::date), ('2025-07-01', '2025-04-01'), ('2025-08-01', '2025-05-01')
), sold AS (SELECT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month, total FROM orders),
answer AS (
    SELECT month, 0 AS level,
           (SELECT count(*) FROM sold WHERE sold.month = m.month) AS orders, (SELECT count(*) FROM sold WHERE sold.month = m.previous) AS before,
           (SELECT avg(total) FROM sold WHERE sold.month = m.month) AS mean, (SELECT avg(total) FROM sold WHERE sold.month = m.previous) AS mean_before
    FROM months m
    UNION ALL
    SELECT NULL, 1,
           (SELECT count(*) FROM sold JOIN months m ON sold.month = m.month), (SELECT count(*) FROM sold JOIN months m ON sold.month = m.previous),
           (SELECT avg(total) FROM sold JOIN months m ON sold.month = m.month), (SELECT avg(total) FROM sold JOIN months m ON sold.month = m.previous)
)
SELECT month, level, orders, before, orders - before, (orders - before)::numeric / nullif(before, 0),
       mean, mean_before, mean - mean_before, (mean - mean_before) / nullif(mean_before, 0)
FROM answer ORDER BY level, month;

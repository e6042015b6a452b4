-- The last dimension is in no level of totals: the details are made by `top`, the subtotals of all statuses are not.
WITH winner AS (SELECT status FROM orders GROUP BY status ORDER BY count(*) DESC, status LIMIT 1),
answer AS (
    SELECT CASE WHEN status IN (TABLE winner) THEN status END AS status, status NOT IN (TABLE winner) AS is_other,
           total * 2 AS doubled, 0 AS level, count(*) AS orders, avg(total) AS mean
    FROM orders GROUP BY 1, 2, 3
    UNION ALL
    SELECT status, false, NULL, 1, count(*), avg(total) FROM orders GROUP BY status
    UNION ALL
    SELECT NULL, false, NULL, 2, count(*), avg(total) FROM orders
)
SELECT status, is_other, doubled, level, orders, mean FROM answer ORDER BY level, is_other, status, doubled;

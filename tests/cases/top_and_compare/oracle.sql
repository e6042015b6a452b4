-- The ranking is that of the current period, and both periods are told by it.
WITH winner AS (
    SELECT status FROM orders WHERE ordered_at >= '2025-06-01 00:00+00' AND ordered_at < '2026-01-01 00:00+00'
    GROUP BY status ORDER BY sum(total) DESC NULLS LAST, status LIMIT 1
), sides AS (
    SELECT ordered_at >= '2025-06-01 00:00+00' AS now, CASE WHEN status IN (TABLE winner) THEN status END AS status,
           status NOT IN (TABLE winner) AS is_other, sum(total) AS revenue, count(DISTINCT customer_id) AS buyers
    FROM orders WHERE ordered_at >= '2025-01-01 00:00+00' AND ordered_at < '2026-01-01 00:00+00'
    GROUP BY 1, 2, 3
)
SELECT one.status, is_other, coalesce(a.revenue, 0), coalesce(b.revenue, 0), coalesce(a.revenue, 0) - coalesce(b.revenue, 0),
       (coalesce(a.revenue, 0) - coalesce(b.revenue, 0)) / nullif(coalesce(b.revenue, 0), 0),
       coalesce(a.buyers, 0), coalesce(b.buyers, 0), coalesce(a.buyers, 0) - coalesce(b.buyers, 0),
       (coalesce(a.buyers, 0) - coalesce(b.buyers, 0))::numeric / nullif(coalesce(b.buyers, 0), 0)
FROM (SELECT * FROM sides WHERE now) a
FULL JOIN (SELECT * FROM sides WHERE NOT now) b USING (is_other)
CROSS JOIN LATERAL (SELECT coalesce(a.status, b.status)) AS one(status)
ORDER BY is_other, one.status;

-- Every region that was found, with every month that the period touches. Where there is no order their number and sum
-- are 0 and the average is unknown.
SELECT regions.region, month::date, count(id), CASE WHEN count(id) > 0 THEN sum(total) ELSE 0 END, avg(total)
FROM (SELECT DISTINCT region FROM orders WHERE ordered_at >= '2025-10-15 00:00 Europe/Berlin') regions
     CROSS JOIN generate_series(timestamp '2025-10-01', '2026-01-01', '1 month') month
     LEFT JOIN orders ON orders.region = regions.region AND ordered_at >= '2025-10-15 00:00 Europe/Berlin'
                     AND date_trunc('month', ordered_at AT TIME ZONE 'Europe/Berlin') = month
GROUP BY 1, 2 ORDER BY 1, 2

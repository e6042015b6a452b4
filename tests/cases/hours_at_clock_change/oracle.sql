-- The clock shows 02:30 twice that night: two hours, not one.
SELECT date_trunc('hour', ordered_at, 'Europe/Berlin'), count(*) FROM orders
WHERE ordered_at >= '2025-10-26 00:00 Europe/Berlin' AND ordered_at < '2025-10-27 00:00 Europe/Berlin'
GROUP BY 1 ORDER BY 1

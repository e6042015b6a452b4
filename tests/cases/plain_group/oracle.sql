-- To-one joins multiply nothing: the plain SQL. Order 5 is of 2026 in Berlin; NULL segments are a group.
SELECT c.segment, date_trunc('month', o.ordered_at AT TIME ZONE 'Europe/Berlin')::date, count(*), sum(o.total)
FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2

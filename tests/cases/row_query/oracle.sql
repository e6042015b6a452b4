SELECT o.id, c.name, (o.ordered_at AT TIME ZONE 'America/New_York')::date
FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
ORDER BY o.total DESC NULLS LAST, o.id LIMIT 4

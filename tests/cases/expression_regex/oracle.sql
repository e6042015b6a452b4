SELECT c.name ~ '^[A-M]', count(*), count(*) FILTER (WHERE NOT c.name ~ 'a'), count(*) FILTER (WHERE lower(o.status::text) LIKE 'p%')
FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
WHERE lower(o.status::text) NOT LIKE '%cancel%' OR c.name IS NULL GROUP BY 1 ORDER BY 1

SELECT o.id FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
WHERE (o.total * 2 > 40 OR c.name LIKE 'Ç%') AND round(coalesce(o.discount, 0), 1) < 1.5 ORDER BY o.id

SELECT o.id, o.total
FROM orders o
JOIN customers c ON c.id = o.customer_id
JOIN plans p ON p.id = c.plan_id
WHERE o.total > p.monthly_price
  AND o.due_on >= DATE '2025-01-01'
  AND o.due_on::timestamp <= o.ordered_at AT TIME ZONE 'Europe/Berlin'
ORDER BY o.id;

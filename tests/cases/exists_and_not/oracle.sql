-- Each exists has rows of its own; inside it the fields start at its table. The way to the refunds must be there.
SELECT name FROM customers c
WHERE EXISTS (SELECT FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
              WHERE o.customer_id = c.id AND p.category = 'office' AND o.status <> 'draft')
  AND NOT EXISTS (SELECT FROM orders o JOIN refunds r ON r.order_id = o.id WHERE o.customer_id = c.id AND r.reason = 'late')
ORDER BY id

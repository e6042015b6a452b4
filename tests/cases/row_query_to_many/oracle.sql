-- One row per customer, order and item; who has none still has a row. Orders and items are one chain, not two branches.
SELECT c.name, o.id, i.quantity
FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN order_items i ON i.order_id = o.id
WHERE c.region = 'EU' ORDER BY c.name, c.id, o.id, i.id

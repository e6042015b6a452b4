-- True for an order with a refund that has no reason, and for one without any refund.
SELECT DISTINCT o.id FROM orders o LEFT JOIN refunds r ON r.order_id = o.id WHERE r.reason IS NULL ORDER BY o.id

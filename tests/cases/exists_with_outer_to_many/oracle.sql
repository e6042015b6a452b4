SELECT o.id FROM orders o
WHERE EXISTS (
    SELECT FROM addresses a JOIN order_items i ON i.order_id = o.id AND i.unit_price > a.latitude
    WHERE a.customer_id = o.customer_id)
ORDER BY o.id;

-- A to-many path that only the filter reads is asked with EXISTS: order 1 has three such items and counts once.
SELECT count(*), sum(total) FROM orders o
WHERE EXISTS (SELECT FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.order_id = o.id AND p.name IN ('Pen', 'Paper'))

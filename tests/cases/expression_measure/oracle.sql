-- The grain of an expression is the table from which all its fields are reached to-one: items for the first and the last.
SELECT o.status,
       sum((SELECT sum(quantity * unit_price) FROM order_items i WHERE i.order_id = o.id)),
       sum(o.total * (1 - coalesce(o.discount, 0) / 100)),
       (SELECT avg(p.total / i.quantity) FROM order_items i JOIN orders p ON p.id = i.order_id WHERE p.status = o.status)
FROM orders o GROUP BY o.status ORDER BY o.status

-- Two conditions along one path speak of the same item: order 1 has one of each, in different items.
SELECT id FROM orders o
WHERE EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND i.quantity >= 5 AND i.unit_price < 2)
ORDER BY id

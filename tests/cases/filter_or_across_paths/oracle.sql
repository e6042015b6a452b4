-- OR over two independent paths: each is asked for itself, nothing is joined.
SELECT id FROM orders o
WHERE EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND i.quantity > 5)
   OR EXISTS (SELECT FROM refunds r WHERE r.order_id = o.id AND r.reason = 'late')
   OR o.status = 'draft'
ORDER BY id

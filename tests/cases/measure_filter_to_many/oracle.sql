SELECT region, count(*),
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.order_id = o.id AND p.name = 'Pen'))
FROM orders o GROUP BY region ORDER BY region

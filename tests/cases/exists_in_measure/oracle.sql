SELECT region, count(*), sum(total) FILTER (WHERE EXISTS (SELECT FROM refunds r WHERE r.order_id = o.id))
FROM orders o GROUP BY region ORDER BY region

-- Each measure over the rows of its own table: items and refunds never multiply orders, nor each other.
SELECT segment, count(*), sum(total), sum(items), sum(refunds)
FROM (
    SELECT c.segment, o.total,
           (SELECT sum(quantity) FROM order_items i WHERE i.order_id = o.id) AS items,
           (SELECT sum(amount) FROM refunds r WHERE r.order_id = o.id) AS refunds
    FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
) per_order
GROUP BY segment ORDER BY segment NULLS LAST

-- An order counts once in each category that it has items of; orders without items are in the NULL group.
SELECT category, count(*), sum(total)
FROM (
    SELECT DISTINCT p.category, o.id, o.total
    FROM orders o LEFT JOIN order_items i ON i.order_id = o.id LEFT JOIN products p ON p.id = i.product_id
) each_once
GROUP BY category ORDER BY category NULLS LAST

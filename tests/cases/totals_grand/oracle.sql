-- Four orders have no item at all, so that null is the first category. An order of two categories counts once in the total.
(SELECT category, false, 0, count(*), sum(total) FROM (
    SELECT DISTINCT category, orders.id, total FROM orders
    LEFT JOIN order_items ON order_items.order_id = orders.id LEFT JOIN products ON products.id = product_id
) once GROUP BY category ORDER BY count(*) DESC, category LIMIT 1)
UNION ALL SELECT NULL, false, 1, count(*), sum(total) FROM orders

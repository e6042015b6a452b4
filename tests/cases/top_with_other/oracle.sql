-- 'office' sells most. What is computed of the other categories is computed from their rows: an order, a buyer in two of
-- them counts once.
WITH rows AS (
    SELECT CASE WHEN category = 'office' THEN category ELSE 'Other' END AS category, category IS DISTINCT FROM 'office' AS is_other,
        region, orders.id, customer_id, total, quantity
    FROM orders LEFT JOIN order_items ON order_items.order_id = orders.id LEFT JOIN products ON products.id = product_id
), of_orders AS (
    SELECT category, is_other, region, count(*) AS orders, count(DISTINCT customer_id) AS buyers, avg(total) AS basket
    FROM (SELECT DISTINCT category, is_other, region, id, customer_id, total FROM rows) once GROUP BY 1, 2, 3
), of_items AS (
    SELECT category, is_other, region, sum(quantity) AS sold FROM rows GROUP BY 1, 2, 3
)
SELECT category, is_other, region, orders, buyers, basket, sold, orders / sum(orders) OVER (PARTITION BY region)
FROM of_orders JOIN of_items USING (category, is_other, region)
ORDER BY is_other, category, region

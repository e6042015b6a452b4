SELECT grouped.order_items_product_category AS order_items_product_category, count(*) AS count, sum(grouped.value) AS sum_total
FROM (SELECT DISTINCT order_items_product.category AS order_items_product_category, orders.id AS key, orders.total AS value
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS grouped
GROUP BY grouped.order_items_product_category
ORDER BY order_items_product_category
LIMIT $1::BIGINT OFFSET $2::BIGINT

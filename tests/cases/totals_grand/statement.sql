WITH top AS 
(SELECT grouped.order_items_product_category AS order_items_product_category
FROM (SELECT DISTINCT order_items_product.category AS order_items_product_category, orders.id AS key
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS grouped
GROUP BY grouped.order_items_product_category
ORDER BY count(*) DESC NULLS LAST, order_items_product_category
LIMIT $1::BIGINT)
 SELECT grouped_3.order_items_product_category AS order_items_product_category, grouped_3.order_items_product_category__is_other AS order_items_product_category__is_other, grouped_3.total_level AS total_level, grouped_3.count AS count, grouped_3.revenue AS revenue
FROM ((SELECT grouped_2.order_items_product_category AS order_items_product_category, grouped_2.order_items_product_category__is_other AS order_items_product_category__is_other, CAST(0 AS INTEGER) AS total_level, count(*) AS count, sum(grouped_2.value) AS revenue
FROM (SELECT DISTINCT CASE WHEN (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) THEN order_items_product.category ELSE $2::VARCHAR END AS order_items_product_category, NOT (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) AS order_items_product_category__is_other, orders.id AS key, orders.total AS value
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS grouped_2
GROUP BY grouped_2.order_items_product_category, grouped_2.order_items_product_category__is_other
ORDER BY order_items_product_category__is_other, order_items_product_category
LIMIT $3::BIGINT OFFSET $4::BIGINT)
UNION ALL SELECT CAST(NULL AS TEXT) AS order_items_product_category, false AS order_items_product_category__is_other, CAST(1 AS INTEGER) AS total_level, count(*) AS count, sum(orders.total) AS revenue
FROM public.orders AS orders) AS grouped_3
ORDER BY grouped_3.total_level, grouped_3.order_items_product_category__is_other, grouped_3.order_items_product_category

WITH top AS 
(SELECT order_items_product.category AS order_items_product_category
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
GROUP BY order_items_product.category
ORDER BY sum(order_items.quantity) DESC NULLS LAST, order_items_product_category
LIMIT $1::BIGINT)
 SELECT grouped_2.order_items_product_category AS order_items_product_category, grouped_2.order_items_product_category__is_other AS order_items_product_category__is_other, grouped_2.region AS region, coalesce(max(grouped_2.orders), 0) AS orders, coalesce(max(grouped_2.buyers), 0) AS buyers, max(grouped_2.basket) AS basket, max(grouped_2.sold) AS sold, (CAST(coalesce(max(grouped_2.orders), 0) AS NUMERIC) / nullif(sum(coalesce(max(grouped_2.orders), 0)) OVER (PARTITION BY grouped_2.region), 0)) AS share
FROM (SELECT grouped.order_items_product_category AS order_items_product_category, grouped.order_items_product_category__is_other AS order_items_product_category__is_other, grouped.region AS region, count(*) AS orders, count(DISTINCT grouped.value) AS buyers, avg(grouped.value_2) AS basket, CAST(NULL AS BIGINT) AS sold
FROM (SELECT DISTINCT CASE WHEN (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) THEN order_items_product.category ELSE $2::VARCHAR END AS order_items_product_category, NOT (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) AS order_items_product_category__is_other, orders.region AS region, orders.id AS key, orders.customer_id AS value, orders.total AS value_2
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS grouped
GROUP BY grouped.order_items_product_category, grouped.order_items_product_category__is_other, grouped.region
UNION ALL SELECT CASE WHEN (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) THEN order_items_product.category ELSE $2::VARCHAR END AS order_items_product_category, NOT (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) AS order_items_product_category__is_other, orders.region AS region, CAST(NULL AS BIGINT) AS orders, CAST(NULL AS BIGINT) AS buyers, CAST(NULL AS NUMERIC) AS basket, sum(order_items.quantity) AS sold
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
WHERE order_items.order_id IS NOT NULL
GROUP BY CASE WHEN (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)) THEN order_items_product.category ELSE $2::VARCHAR END, NOT (order_items_product.category IS NULL AND (EXISTS (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NULL)) OR order_items_product.category IS NOT NULL AND order_items_product.category IN (SELECT top.order_items_product_category AS order_items_product_category
FROM top
WHERE top.order_items_product_category IS NOT NULL)), orders.region) AS grouped_2
GROUP BY grouped_2.order_items_product_category, grouped_2.order_items_product_category__is_other, grouped_2.region
ORDER BY order_items_product_category__is_other, order_items_product_category, region
LIMIT $3::BIGINT OFFSET $4::BIGINT

SELECT grouped_3.order_items_product_category AS order_items_product_category, max(grouped_3.regions) AS regions, max(grouped_3.segments) AS segments, max(grouped_3.notable) AS notable, coalesce(max(grouped_3.items), 0) AS items
FROM (SELECT grouped.order_items_product_category AS order_items_product_category, string_agg(grouped.value, ', '
ORDER BY grouped.value) AS regions, CAST(NULL AS TEXT) AS segments, string_agg(grouped.value, ', '
ORDER BY grouped.value) FILTER (
WHERE grouped."where") AS notable, CAST(NULL AS BIGINT) AS items
FROM (SELECT DISTINCT order_items_product.category AS order_items_product_category, orders.id AS key, orders.region AS value, orders.total > $1::NUMERIC AS "where"
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS grouped
GROUP BY grouped.order_items_product_category
UNION ALL SELECT grouped_2.order_items_product_category AS order_items_product_category, CAST(NULL AS TEXT) AS regions, string_agg(grouped_2.value, ', '
ORDER BY grouped_2.value) AS segments, CAST(NULL AS TEXT) AS notable, CAST(NULL AS BIGINT) AS items
FROM (SELECT DISTINCT order_items_product.category AS order_items_product_category, customer.id AS key, customer.segment AS value
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
WHERE customer.id IS NOT NULL) AS grouped_2
GROUP BY grouped_2.order_items_product_category
UNION ALL SELECT order_items_product.category AS order_items_product_category, CAST(NULL AS TEXT) AS regions, CAST(NULL AS TEXT) AS segments, CAST(NULL AS TEXT) AS notable, count(*) AS items
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
WHERE order_items.order_id IS NOT NULL
GROUP BY order_items_product.category) AS grouped_3
GROUP BY grouped_3.order_items_product_category
ORDER BY order_items_product_category
LIMIT $2::BIGINT OFFSET $3::BIGINT

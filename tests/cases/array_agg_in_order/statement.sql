SELECT grouped_2.order_items_product_category AS order_items_product_category, max(grouped_2.totals) AS totals, max(grouped_2.statuses) AS statuses, max(grouped_2.quantities) AS quantities, max(grouped_2.regions) AS regions
FROM (SELECT grouped.order_items_product_category AS order_items_product_category, array_agg(grouped.value
ORDER BY grouped.value, grouped.key) AS totals, array_agg(grouped.value_2
ORDER BY grouped."order" DESC NULLS LAST, grouped.key) AS statuses, CAST(NULL AS INTEGER[]) AS quantities, string_agg(grouped.value_3, $1::VARCHAR
ORDER BY grouped.value_3 DESC NULLS LAST, grouped."order", grouped.key) AS regions
FROM (SELECT DISTINCT order_items_product.category AS order_items_product_category, orders.id AS key, orders.total AS value, CAST(orders.status AS TEXT) AS value_2, orders.ordered_at AS "order", orders.region AS value_3
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS grouped
GROUP BY grouped.order_items_product_category
UNION ALL SELECT order_items_product.category AS order_items_product_category, CAST(NULL AS NUMERIC[]) AS totals, CAST(NULL AS TEXT[]) AS statuses, array_agg(order_items.quantity
ORDER BY order_items.quantity, order_items.id) AS quantities, CAST(NULL AS TEXT) AS regions
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
WHERE order_items.order_id IS NOT NULL
GROUP BY order_items_product.category) AS grouped_2
GROUP BY grouped_2.order_items_product_category
ORDER BY order_items_product_category
LIMIT $2::BIGINT OFFSET $3::BIGINT

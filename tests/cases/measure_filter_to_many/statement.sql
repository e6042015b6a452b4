SELECT grouped.region AS region, coalesce(max(grouped.count), 0) AS count, coalesce(max(grouped.with_pens), 0) AS with_pens
FROM (SELECT orders.region AS region, count(*) AS count, CAST(NULL AS BIGINT) AS with_pens
FROM public.orders AS orders
GROUP BY orders.region
UNION ALL SELECT orders.region AS region, CAST(NULL AS BIGINT) AS count, count(*) AS with_pens
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.order_items AS order_items
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
WHERE (orders.id = order_items.order_id) AND (order_items_product.name = $1::VARCHAR)))
GROUP BY orders.region) AS grouped
GROUP BY grouped.region
ORDER BY region
LIMIT $2::BIGINT OFFSET $3::BIGINT

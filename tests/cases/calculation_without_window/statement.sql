SELECT grouped.region AS region, coalesce(max(grouped.orders), 0) AS orders, coalesce(max(grouped.items), 0) AS items, (CAST(coalesce(max(grouped.items), 0) AS NUMERIC) / nullif(coalesce(max(grouped.orders), 0), 0)) AS per_order
FROM (SELECT orders.region AS region, count(*) AS orders, CAST(NULL AS BIGINT) AS items
FROM public.orders AS orders
GROUP BY orders.region
UNION ALL SELECT orders.region AS region, CAST(NULL AS BIGINT) AS orders, count(*) AS items
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
WHERE order_items.order_id IS NOT NULL
GROUP BY orders.region) AS grouped
GROUP BY grouped.region
HAVING (CAST(coalesce(max(grouped.items), 0) AS NUMERIC) / nullif(coalesce(max(grouped.orders), 0), 0)) > $1::NUMERIC
ORDER BY region
LIMIT $2::BIGINT OFFSET $3::BIGINT

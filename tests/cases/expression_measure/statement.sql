SELECT grouped.status AS status, max(grouped.revenue) AS revenue, max(grouped.net) AS net, max(grouped.per_item) AS per_item
FROM (SELECT orders.status AS status, sum((CAST(order_items.quantity AS NUMERIC) * order_items.unit_price)) AS revenue, CAST(NULL AS NUMERIC) AS net, avg((orders.total / nullif(order_items.quantity, 0))) AS per_item
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
WHERE order_items.order_id IS NOT NULL
GROUP BY orders.status
UNION ALL SELECT orders.status AS status, CAST(NULL AS NUMERIC) AS revenue, sum((orders.total * ($1::NUMERIC - (coalesce(orders.discount, $2::NUMERIC) / nullif($3::NUMERIC, 0))))) AS net, CAST(NULL AS NUMERIC) AS per_item
FROM public.orders AS orders
GROUP BY orders.status) AS grouped
GROUP BY grouped.status
ORDER BY status
LIMIT $4::BIGINT OFFSET $5::BIGINT

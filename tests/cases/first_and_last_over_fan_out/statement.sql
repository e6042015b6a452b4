SELECT grouped_2.customer_segment AS customer_segment, max(grouped_2.first_status) AS first_status, max(grouped_2.last_total) AS last_total, max(grouped_2.largest_paid) AS largest_paid, max(grouped_2.oldest) AS oldest, max(grouped_2.items) AS items
FROM (SELECT customer.segment AS customer_segment, (array_agg(orders.status
ORDER BY orders.ordered_at, orders.id))[1] AS first_status, (array_agg(orders.total
ORDER BY orders.due_on DESC NULLS LAST, orders.total, orders.id DESC NULLS LAST))[1] AS last_total, (array_agg(orders.region
ORDER BY orders.total DESC NULLS LAST, orders.id) FILTER (
WHERE orders.status = CAST($1::VARCHAR AS "public"."order_status")))[1] AS largest_paid, CAST(NULL AS TEXT) AS oldest, CAST(NULL AS BIGINT) AS items
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
GROUP BY customer.segment
UNION ALL SELECT grouped.customer_segment AS customer_segment, CAST(NULL AS "public"."order_status") AS first_status, CAST(NULL AS NUMERIC) AS last_total, CAST(NULL AS TEXT) AS largest_paid, (array_agg(grouped.value
ORDER BY grouped."order", grouped.key))[1] AS oldest, CAST(NULL AS BIGINT) AS items
FROM (SELECT DISTINCT customer.segment AS customer_segment, customer.id AS key, customer.name AS value, customer.birthday AS "order"
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
WHERE customer.id IS NOT NULL) AS grouped
GROUP BY grouped.customer_segment
UNION ALL SELECT customer.segment AS customer_segment, CAST(NULL AS "public"."order_status") AS first_status, CAST(NULL AS NUMERIC) AS last_total, CAST(NULL AS TEXT) AS largest_paid, CAST(NULL AS TEXT) AS oldest, sum(order_items.quantity) AS items
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
WHERE order_items.order_id IS NOT NULL
GROUP BY customer.segment) AS grouped_2
GROUP BY grouped_2.customer_segment
ORDER BY customer_segment
LIMIT $2::BIGINT OFFSET $3::BIGINT

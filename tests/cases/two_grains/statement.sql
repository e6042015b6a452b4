SELECT grouped.customer_segment AS customer_segment, coalesce(max(grouped.count), 0) AS count, max(grouped.sum_total) AS sum_total, max(grouped.sum_order_items_quantity) AS sum_order_items_quantity, max(grouped.sum_refunds_amount) AS sum_refunds_amount
FROM (SELECT customer.segment AS customer_segment, count(*) AS count, sum(orders.total) AS sum_total, CAST(NULL AS BIGINT) AS sum_order_items_quantity, CAST(NULL AS NUMERIC) AS sum_refunds_amount
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
GROUP BY customer.segment
UNION ALL SELECT customer.segment AS customer_segment, CAST(NULL AS BIGINT) AS count, CAST(NULL AS NUMERIC) AS sum_total, sum(order_items.quantity) AS sum_order_items_quantity, CAST(NULL AS NUMERIC) AS sum_refunds_amount
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
WHERE order_items.order_id IS NOT NULL
GROUP BY customer.segment
UNION ALL SELECT customer.segment AS customer_segment, CAST(NULL AS BIGINT) AS count, CAST(NULL AS NUMERIC) AS sum_total, CAST(NULL AS BIGINT) AS sum_order_items_quantity, sum(refunds.amount) AS sum_refunds_amount
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.refunds AS refunds ON orders.id = refunds.order_id
WHERE refunds.order_id IS NOT NULL
GROUP BY customer.segment) AS grouped
GROUP BY grouped.customer_segment
ORDER BY customer_segment
LIMIT $1::BIGINT OFFSET $2::BIGINT

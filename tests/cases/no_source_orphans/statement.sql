SELECT grouped.customer AS customer, coalesce(max(grouped.buyers), 0) AS buyers, max(grouped.refunded) AS refunded, coalesce(max(grouped.events), 0) AS events
FROM (SELECT customer.name AS customer, count(DISTINCT orders.customer_id) AS buyers, CAST(NULL AS NUMERIC) AS refunded, CAST(NULL AS BIGINT) AS events
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
GROUP BY customer.name
UNION ALL SELECT order_customer.name AS customer, CAST(NULL AS BIGINT) AS buyers, sum(refunds.amount) AS refunded, CAST(NULL AS BIGINT) AS events
FROM public.refunds AS refunds
LEFT OUTER JOIN public.orders AS "order" ON refunds.order_id = "order".id
LEFT OUTER JOIN public.customers AS order_customer ON "order".customer_id = order_customer.id
GROUP BY order_customer.name
UNION ALL SELECT customer_2.name AS customer, CAST(NULL AS BIGINT) AS buyers, CAST(NULL AS NUMERIC) AS refunded, count(*) AS events
FROM public.events AS events
LEFT OUTER JOIN public.customers AS customer_2 ON events.customer_id = customer_2.id
GROUP BY customer_2.name) AS grouped
GROUP BY grouped.customer
ORDER BY customer
LIMIT $1::BIGINT OFFSET $2::BIGINT

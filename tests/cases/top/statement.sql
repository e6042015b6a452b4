SELECT grouped.customer_segment AS customer_segment, grouped.count AS count, grouped.revenue AS revenue
FROM (SELECT customer.segment AS customer_segment, count(*) AS count, sum(orders.total) AS revenue
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
GROUP BY customer.segment
ORDER BY revenue DESC NULLS LAST, customer_segment
LIMIT $1::BIGINT) AS grouped
ORDER BY grouped.customer_segment
LIMIT $2::BIGINT OFFSET $3::BIGINT

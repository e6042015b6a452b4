SELECT customer.segment AS customer_segment, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS ordered_at, count(*) AS count, sum(orders.total) AS sum_total
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
GROUP BY customer.segment, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)
ORDER BY customer_segment, ordered_at
LIMIT $2::BIGINT OFFSET $3::BIGINT

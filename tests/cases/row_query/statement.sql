SELECT orders.id AS id, customer.name AS customer_name, CAST(timezone($1::VARCHAR, orders.ordered_at) AS DATE) AS day
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
ORDER BY orders.total DESC NULLS LAST, orders.id
LIMIT $2::BIGINT OFFSET $3::BIGINT

SELECT orders.id AS id
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.orders AS orders_3 JOIN public.customers AS customer ON customer.id = orders_3.customer_id
WHERE (orders.customer_id = customer.id) AND (orders_3.id <> orders.id) AND (orders_3.total > orders.total)))
ORDER BY orders.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

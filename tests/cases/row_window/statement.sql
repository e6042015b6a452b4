SELECT orders.id AS id, row_number() OVER (PARTITION BY customer.name
ORDER BY orders.total DESC NULLS LAST, orders.id) AS place, (orders.total / nullif(sum(orders.total) OVER (PARTITION BY customer.name), 0)) AS share
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
WHERE orders.total > $1::NUMERIC
ORDER BY place, orders.id DESC
LIMIT $2::BIGINT OFFSET $3::BIGINT

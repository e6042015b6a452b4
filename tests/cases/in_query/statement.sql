SELECT customers.id AS id, customers.name AS name
FROM public.customers AS customers
WHERE customers.id IN (SELECT orders.customer_id AS customer_id
FROM public.orders AS orders
WHERE (orders.total >= $1::NUMERIC) AND orders.customer_id IS NOT NULL)
ORDER BY customers.id
LIMIT $2::BIGINT OFFSET $3::BIGINT

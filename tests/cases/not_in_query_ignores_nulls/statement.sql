SELECT customers.id AS id, customers.name AS name
FROM public.customers AS customers
WHERE NOT (customers.id IN (SELECT orders.customer_id AS customer_id
FROM public.orders AS orders
WHERE orders.customer_id IS NOT NULL))
ORDER BY customers.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

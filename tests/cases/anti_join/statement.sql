SELECT customers.name AS name
FROM public.customers AS customers
WHERE NOT (EXISTS (SELECT 1
FROM public.orders AS orders
WHERE customers.id = orders.customer_id))
ORDER BY customers.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

SELECT query.orders AS orders, count(*) AS customers
FROM (SELECT customers.id AS id, count(orders.customer_id) AS orders
FROM public.customers AS customers
LEFT OUTER JOIN public.orders AS orders ON customers.id = orders.customer_id
GROUP BY customers.id) AS query
GROUP BY query.orders
ORDER BY customers DESC NULLS LAST, orders
LIMIT $1::BIGINT OFFSET $2::BIGINT

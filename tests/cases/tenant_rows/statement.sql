SELECT customer.name AS customer_name, count(*) AS count, sum(orders.total) AS sum_total
FROM (SELECT public.orders.customer_id AS customer_id, public.orders.total AS total
FROM public.orders
WHERE public.orders.tenant_id = $1::VARCHAR) AS orders
LEFT OUTER JOIN (SELECT public.customers.id AS id, public.customers.name AS name
FROM public.customers
WHERE public.customers.tenant_id = $1::VARCHAR) AS customer ON orders.customer_id = customer.id
GROUP BY customer.name
ORDER BY customer_name
LIMIT $2::BIGINT OFFSET $3::BIGINT

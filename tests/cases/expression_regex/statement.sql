SELECT customer.name ~ $1::VARCHAR AS early, count(*) AS count, count(*) FILTER (
WHERE NOT (customer.name ~ $2::VARCHAR)) AS not_a, count(*) FILTER (
WHERE CAST(orders.status AS TEXT) ~* $3::VARCHAR) AS any_case
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
WHERE NOT (CAST(orders.status AS TEXT) ~* $4::VARCHAR) OR customer.name IS NULL
GROUP BY customer.name ~ $1::VARCHAR
ORDER BY early
LIMIT $5::BIGINT OFFSET $6::BIGINT

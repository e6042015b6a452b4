SELECT orders.status AS orders_status, count(orders.customer_id) FILTER (
WHERE orders.total > $1::NUMERIC) AS large
FROM public.customers AS customers
LEFT OUTER JOIN public.orders AS orders ON customers.id = orders.customer_id
GROUP BY orders.status
ORDER BY orders_status
LIMIT $2::BIGINT OFFSET $3::BIGINT

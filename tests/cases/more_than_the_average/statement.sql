SELECT orders.status AS status, sum(orders.total) AS revenue
FROM public.orders AS orders
WHERE orders.total < $1::NUMERIC
GROUP BY orders.status
HAVING sum(orders.total) > (SELECT avg(orders_2.total) AS mean
FROM public.orders AS orders_2
WHERE orders_2.total < $2::NUMERIC)
ORDER BY status
LIMIT $3::BIGINT OFFSET $4::BIGINT

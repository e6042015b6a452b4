SELECT orders.status AS status, count(*) AS count, sum(orders.total) AS revenue
FROM public.orders AS orders
GROUP BY orders.status
HAVING (count(*) >= $1::BIGINT) AND sum(orders.total) IS NOT NULL
ORDER BY revenue DESC NULLS LAST, status
LIMIT $2::BIGINT OFFSET $3::BIGINT

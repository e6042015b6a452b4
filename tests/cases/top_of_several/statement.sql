WITH top AS 
(SELECT orders.status AS status
FROM public.orders AS orders
GROUP BY orders.status
ORDER BY count(DISTINCT orders.customer_id) DESC NULLS LAST, status
LIMIT $1::BIGINT)
 SELECT orders.region AS region, orders.status AS status, count(*) AS count
FROM public.orders AS orders
GROUP BY orders.region, orders.status
HAVING orders.status IN (SELECT top.status AS status
FROM top)
ORDER BY count DESC NULLS LAST, region, status
LIMIT $2::BIGINT OFFSET $3::BIGINT

SELECT orders.region AS region, count(*) AS count, sum(orders.total) FILTER (
WHERE (EXISTS (SELECT 1
FROM public.refunds AS refunds_2
WHERE orders.id = refunds_2.order_id))) AS refunded
FROM public.orders AS orders
GROUP BY orders.region
ORDER BY region
LIMIT $1::BIGINT OFFSET $2::BIGINT

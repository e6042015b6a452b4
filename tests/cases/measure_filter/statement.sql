SELECT orders.region AS region, count(*) AS count, count(*) FILTER (
WHERE orders.status = CAST($1::VARCHAR AS "public"."order_status")) AS paid, sum(orders.total) FILTER (
WHERE orders.total > $2::NUMERIC) AS big
FROM public.orders AS orders
GROUP BY orders.region
ORDER BY region
LIMIT $3::BIGINT OFFSET $4::BIGINT

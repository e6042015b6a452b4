WITH top AS 
(SELECT orders.status AS status
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY orders.status
ORDER BY count(*) DESC NULLS LAST, status
LIMIT $4::BIGINT), 
found AS 
(SELECT CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END AS status, NOT (orders.status IN (SELECT top.status AS status
FROM top)) AS status__is_other, count(*) AS orders, avg(orders.total) AS mean
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE), CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END, NOT (orders.status IN (SELECT top.status AS status
FROM top))), 
grid AS 
(SELECT buckets.month AS month, combinations.status AS status, combinations.status__is_other AS status__is_other
FROM (SELECT DISTINCT found.status AS status, found.status__is_other AS status__is_other
FROM found) AS combinations JOIN (SELECT month AS month
FROM unnest($5::DATE[]) AS month) AS buckets ON true)
 SELECT grouped_2.month AS month, grouped_2.status AS status, grouped_2.status__is_other AS status__is_other, grouped_2.orders AS orders, grouped_2.mean AS mean
FROM (SELECT found.month AS month, found.status AS status, found.status__is_other AS status__is_other, found.orders AS orders, found.mean AS mean
FROM found
UNION ALL SELECT grouped.month AS month, grouped.status AS status, grouped.status__is_other AS status__is_other, CAST(0 AS BIGINT) AS orders, CAST(NULL AS NUMERIC) AS mean
FROM ((SELECT grid.month AS month, grid.status AS status, grid.status__is_other AS status__is_other
FROM grid
LIMIT ALL OFFSET (SELECT CAST(-1 AS INTEGER) AS refused
FROM grid
LIMIT CAST(1 AS INTEGER) OFFSET CAST(1000000 AS INTEGER))) EXCEPT SELECT found.month AS month, found.status AS status, found.status__is_other AS status__is_other
FROM found) AS grouped) AS grouped_2
ORDER BY month, status__is_other, status
LIMIT $6::BIGINT OFFSET $7::BIGINT

WITH top AS 
(SELECT orders.status AS status
FROM public.orders AS orders
GROUP BY orders.status
ORDER BY count(*) DESC NULLS LAST, status
LIMIT $1::BIGINT), 
levels AS 
(SELECT orders.status AS status, count(*) AS orders, avg(orders.total) AS mean, grouping(orders.status) AS total_level
FROM public.orders AS orders
GROUP BY GROUPING SETS((orders.status), ()))
 SELECT grouped_2.status AS status, grouped_2.status__is_other AS status__is_other, grouped_2.doubled AS doubled, grouped_2.total_level AS total_level, grouped_2.orders AS orders, grouped_2.mean AS mean
FROM ((SELECT CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END AS status, NOT (orders.status IN (SELECT top.status AS status
FROM top)) AS status__is_other, (orders.total * $2::NUMERIC) AS doubled, CAST(0 AS INTEGER) AS total_level, count(*) AS orders, avg(orders.total) AS mean
FROM public.orders AS orders
GROUP BY CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END, NOT (orders.status IN (SELECT top.status AS status
FROM top)), (orders.total * $2::NUMERIC)
ORDER BY status__is_other, status, doubled
LIMIT $3::BIGINT OFFSET $4::BIGINT)
UNION ALL (SELECT grouped.status AS status, grouped.status__is_other AS status__is_other, grouped.doubled AS doubled, grouped.total_level AS total_level, grouped.orders AS orders, grouped.mean AS mean
FROM (SELECT levels.status AS status, false AS status__is_other, CAST(NULL AS NUMERIC) AS doubled, CAST(1 AS INTEGER) AS total_level, levels.orders AS orders, levels.mean AS mean
FROM levels
WHERE levels.total_level = CAST(0 AS INTEGER)
UNION ALL SELECT CAST(NULL AS "public"."order_status") AS status, false AS status__is_other, CAST(NULL AS NUMERIC) AS doubled, CAST(2 AS INTEGER) AS total_level, levels.orders AS orders, levels.mean AS mean
FROM levels
WHERE levels.total_level = CAST(1 AS INTEGER)) AS grouped
ORDER BY grouped.total_level, grouped.status__is_other, grouped.status, grouped.doubled
LIMIT $5::BIGINT)) AS grouped_2
ORDER BY grouped_2.total_level, grouped_2.status__is_other, grouped_2.status, grouped_2.doubled

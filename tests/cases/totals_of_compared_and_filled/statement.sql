WITH found AS 
(SELECT grouped.month AS month, coalesce(max(grouped.orders), 0) AS orders, max(grouped.mean) AS mean, coalesce(max(grouped.orders__previous), 0) AS orders__previous, max(grouped.mean__previous) AS mean__previous
FROM (SELECT CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, count(*) AS orders, avg(orders.total) AS mean, CAST(NULL AS BIGINT) AS orders__previous, CAST(NULL AS NUMERIC) AS mean__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)
UNION ALL SELECT ($4::DATE[])[width_bucket(CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE), $5::DATE[])] AS month, CAST(NULL AS BIGINT) AS orders, CAST(NULL AS NUMERIC) AS mean, count(*) AS orders__previous, avg(orders.total) AS mean__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $6::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $7::TIMESTAMP WITH TIME ZONE)
GROUP BY ($4::DATE[])[width_bucket(CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE), $5::DATE[])]) AS grouped
GROUP BY grouped.month)
 SELECT grouped_5.month AS month, grouped_5.total_level AS total_level, grouped_5.orders AS orders, grouped_5.orders__previous AS orders__previous, grouped_5.orders__change AS orders__change, grouped_5.orders__change_ratio AS orders__change_ratio, grouped_5.mean AS mean, grouped_5.mean__previous AS mean__previous, grouped_5.mean__change AS mean__change, grouped_5.mean__change_ratio AS mean__change_ratio
FROM ((SELECT grouped_3.month AS month, CAST(0 AS INTEGER) AS total_level, grouped_3.orders AS orders, grouped_3.mean AS mean, grouped_3.orders__previous AS orders__previous, grouped_3.mean__previous AS mean__previous, (CAST(grouped_3.orders AS NUMERIC) - grouped_3.orders__previous) AS orders__change, ((CAST(grouped_3.orders AS NUMERIC) - grouped_3.orders__previous) / nullif(grouped_3.orders__previous, 0)) AS orders__change_ratio, (grouped_3.mean - grouped_3.mean__previous) AS mean__change, ((grouped_3.mean - grouped_3.mean__previous) / nullif(grouped_3.mean__previous, 0)) AS mean__change_ratio
FROM (SELECT found.month AS month, found.orders AS orders, found.mean AS mean, found.orders__previous AS orders__previous, found.mean__previous AS mean__previous
FROM found
UNION ALL SELECT grouped_2.month AS month, CAST(0 AS BIGINT) AS orders, CAST(NULL AS NUMERIC) AS mean, CAST(0 AS BIGINT) AS orders__previous, CAST(NULL AS NUMERIC) AS mean__previous
FROM (SELECT buckets.month AS month
FROM (SELECT month AS month
FROM unnest($8::DATE[]) AS month) AS buckets
WHERE (EXISTS (SELECT found.month AS month, found.orders AS orders, found.mean AS mean, found.orders__previous AS orders__previous, found.mean__previous AS mean__previous
FROM found)) EXCEPT SELECT found.month AS month
FROM found) AS grouped_2) AS grouped_3
ORDER BY month
LIMIT $9::BIGINT OFFSET $10::BIGINT)
UNION ALL SELECT CAST(NULL AS DATE) AS month, CAST(1 AS INTEGER) AS total_level, coalesce(max(grouped_4.orders), 0) AS orders, max(grouped_4.mean) AS mean, coalesce(max(grouped_4.orders__previous), 0) AS orders__previous, max(grouped_4.mean__previous) AS mean__previous, (CAST(coalesce(max(grouped_4.orders), 0) AS NUMERIC) - coalesce(max(grouped_4.orders__previous), 0)) AS orders__change, ((CAST(coalesce(max(grouped_4.orders), 0) AS NUMERIC) - coalesce(max(grouped_4.orders__previous), 0)) / nullif(coalesce(max(grouped_4.orders__previous), 0), 0)) AS orders__change_ratio, (max(grouped_4.mean) - max(grouped_4.mean__previous)) AS mean__change, ((max(grouped_4.mean) - max(grouped_4.mean__previous)) / nullif(max(grouped_4.mean__previous), 0)) AS mean__change_ratio
FROM (SELECT count(*) AS orders, avg(orders.total) AS mean, CAST(NULL AS BIGINT) AS orders__previous, CAST(NULL AS NUMERIC) AS mean__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
UNION ALL SELECT CAST(NULL AS BIGINT) AS orders, CAST(NULL AS NUMERIC) AS mean, count(*) AS orders__previous, avg(orders.total) AS mean__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $6::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $7::TIMESTAMP WITH TIME ZONE)) AS grouped_4) AS grouped_5
ORDER BY total_level, month

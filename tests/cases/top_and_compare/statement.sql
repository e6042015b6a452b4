WITH top AS 
(SELECT orders.status AS status
FROM public.orders AS orders
WHERE (orders.ordered_at >= $1::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE)
GROUP BY orders.status
ORDER BY sum(orders.total) DESC NULLS LAST, status
LIMIT $3::BIGINT)
 SELECT grouped.status AS status, grouped.status__is_other AS status__is_other, CASE WHEN bool_or(grouped.now) THEN max(grouped.revenue) ELSE CAST(0 AS NUMERIC) END AS revenue, CASE WHEN bool_or(grouped.before) THEN max(grouped.revenue__previous) ELSE CAST(0 AS NUMERIC) END AS revenue__previous, (CASE WHEN bool_or(grouped.now) THEN max(grouped.revenue) ELSE CAST(0 AS NUMERIC) END - CASE WHEN bool_or(grouped.before) THEN max(grouped.revenue__previous) ELSE CAST(0 AS NUMERIC) END) AS revenue__change, ((CASE WHEN bool_or(grouped.now) THEN max(grouped.revenue) ELSE CAST(0 AS NUMERIC) END - CASE WHEN bool_or(grouped.before) THEN max(grouped.revenue__previous) ELSE CAST(0 AS NUMERIC) END) / nullif(CASE WHEN bool_or(grouped.before) THEN max(grouped.revenue__previous) ELSE CAST(0 AS NUMERIC) END, 0)) AS revenue__change_ratio, coalesce(max(grouped.buyers), 0) AS buyers, coalesce(max(grouped.buyers__previous), 0) AS buyers__previous, (CAST(coalesce(max(grouped.buyers), 0) AS NUMERIC) - coalesce(max(grouped.buyers__previous), 0)) AS buyers__change, ((CAST(coalesce(max(grouped.buyers), 0) AS NUMERIC) - coalesce(max(grouped.buyers__previous), 0)) / nullif(coalesce(max(grouped.buyers__previous), 0), 0)) AS buyers__change_ratio
FROM (SELECT CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END AS status, NOT (orders.status IN (SELECT top.status AS status
FROM top)) AS status__is_other, sum(orders.total) AS revenue, count(DISTINCT orders.customer_id) AS buyers, CAST(NULL AS NUMERIC) AS revenue__previous, CAST(NULL AS BIGINT) AS buyers__previous, true AS now, CAST(NULL AS BOOLEAN) AS before
FROM public.orders AS orders
WHERE (orders.ordered_at >= $1::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE)
GROUP BY CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END, NOT (orders.status IN (SELECT top.status AS status
FROM top))
UNION ALL SELECT CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END AS status, NOT (orders.status IN (SELECT top.status AS status
FROM top)) AS status__is_other, CAST(NULL AS NUMERIC) AS revenue, CAST(NULL AS BIGINT) AS buyers, sum(orders.total) AS revenue__previous, count(DISTINCT orders.customer_id) AS buyers__previous, CAST(NULL AS BOOLEAN) AS now, true AS before
FROM public.orders AS orders
WHERE (orders.ordered_at >= $4::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $5::TIMESTAMP WITH TIME ZONE)
GROUP BY CASE WHEN (orders.status IN (SELECT top.status AS status
FROM top)) THEN orders.status ELSE CAST(NULL AS "public"."order_status") END, NOT (orders.status IN (SELECT top.status AS status
FROM top))) AS grouped
GROUP BY grouped.status, grouped.status__is_other
ORDER BY status__is_other, status
LIMIT $6::BIGINT OFFSET $7::BIGINT

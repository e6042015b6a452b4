SELECT grouped.week AS week, coalesce(max(grouped.count), 0) AS count, coalesce(max(grouped.count__previous), 0) AS count__previous, (CAST(coalesce(max(grouped.count), 0) AS NUMERIC) - coalesce(max(grouped.count__previous), 0)) AS count__change, ((CAST(coalesce(max(grouped.count), 0) AS NUMERIC) - coalesce(max(grouped.count__previous), 0)) / nullif(coalesce(max(grouped.count__previous), 0), 0)) AS count__change_ratio, coalesce(max(grouped.count), 0) > coalesce(max(grouped.count__previous), 0) AS more
FROM (SELECT CAST(date_trunc('week', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS week, count(*) AS count, max(orders.due_on) AS last, CAST(NULL AS BIGINT) AS count__previous, CAST(NULL AS DATE) AS last__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY CAST(date_trunc('week', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)
UNION ALL SELECT CAST(date_trunc('week', (timezone($1::VARCHAR, orders.ordered_at) + INTERVAL '1 year')) AS DATE) AS week, CAST(NULL AS BIGINT) AS count, CAST(NULL AS DATE) AS last, count(*) AS count__previous, max(orders.due_on) AS last__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $4::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $5::TIMESTAMP WITH TIME ZONE)
GROUP BY CAST(date_trunc('week', (timezone($1::VARCHAR, orders.ordered_at) + INTERVAL '1 year')) AS DATE)) AS grouped
GROUP BY grouped.week
HAVING max(grouped.last__previous) IS NOT NULL
ORDER BY count__change DESC NULLS LAST, week
LIMIT $6::BIGINT OFFSET $7::BIGINT

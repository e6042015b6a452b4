SELECT grouped.month AS month, grouped.region AS region, coalesce(max(grouped.count), 0) AS count, coalesce(max(grouped.count__previous), 0) AS count__previous, (CAST(coalesce(max(grouped.count), 0) AS NUMERIC) - coalesce(max(grouped.count__previous), 0)) AS count__change, ((CAST(coalesce(max(grouped.count), 0) AS NUMERIC) - coalesce(max(grouped.count__previous), 0)) / nullif(coalesce(max(grouped.count__previous), 0), 0)) AS count__change_ratio, max(grouped.dearest) AS dearest, max(grouped.dearest__previous) AS dearest__previous, (max(grouped.dearest) - max(grouped.dearest__previous)) AS dearest__change, ((max(grouped.dearest) - max(grouped.dearest__previous)) / nullif(max(grouped.dearest__previous), 0)) AS dearest__change_ratio
FROM (SELECT CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, orders.region AS region, count(*) AS count, max(orders.total) AS dearest, CAST(NULL AS BIGINT) AS count__previous, CAST(NULL AS NUMERIC) AS dearest__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE), orders.region
UNION ALL SELECT ($4::DATE[])[width_bucket(CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE), $5::DATE[])] AS month, orders.region AS region, CAST(NULL AS BIGINT) AS count, CAST(NULL AS NUMERIC) AS dearest, count(*) AS count__previous, max(orders.total) AS dearest__previous
FROM public.orders AS orders
WHERE (orders.ordered_at >= $6::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $7::TIMESTAMP WITH TIME ZONE)
GROUP BY ($4::DATE[])[width_bucket(CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE), $5::DATE[])], orders.region) AS grouped
GROUP BY grouped.month, grouped.region
ORDER BY month, region
LIMIT $8::BIGINT OFFSET $9::BIGINT

WITH found AS 
(SELECT grouped.day AS day, CASE WHEN bool_or(grouped.now) THEN max(grouped.revenue) ELSE CAST(0 AS NUMERIC) END AS revenue, CASE WHEN bool_or(grouped.before) THEN max(grouped.revenue__previous) ELSE CAST(0 AS NUMERIC) END AS revenue__previous
FROM (SELECT CAST(timezone($1::VARCHAR, orders.ordered_at) AS DATE) AS day, sum(orders.total) AS revenue, CAST(NULL AS NUMERIC) AS revenue__previous, true AS now, CAST(NULL AS BOOLEAN) AS before
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE) AND (orders.region = $4::VARCHAR)
GROUP BY CAST(timezone($1::VARCHAR, orders.ordered_at) AS DATE)
UNION ALL SELECT ($5::DATE[])[width_bucket(CAST(timezone($1::VARCHAR, orders.ordered_at) AS DATE), $6::DATE[])] AS day, CAST(NULL AS NUMERIC) AS revenue, sum(orders.total) AS revenue__previous, CAST(NULL AS BOOLEAN) AS now, true AS before
FROM public.orders AS orders
WHERE (orders.region = $4::VARCHAR) AND (orders.ordered_at >= $7::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $8::TIMESTAMP WITH TIME ZONE)
GROUP BY ($5::DATE[])[width_bucket(CAST(timezone($1::VARCHAR, orders.ordered_at) AS DATE), $6::DATE[])]) AS grouped
GROUP BY grouped.day)
 SELECT grouped_3.day AS day, grouped_3.revenue AS revenue, grouped_3.revenue__previous AS revenue__previous, (grouped_3.revenue - grouped_3.revenue__previous) AS revenue__change, ((grouped_3.revenue - grouped_3.revenue__previous) / nullif(grouped_3.revenue__previous, 0)) AS revenue__change_ratio, sum(grouped_3.revenue) OVER (
ORDER BY grouped_3.day) AS so_far
FROM (SELECT found.day AS day, found.revenue AS revenue, found.revenue__previous AS revenue__previous
FROM found
UNION ALL SELECT grouped_2.day AS day, CAST(0 AS NUMERIC) AS revenue, CAST(0 AS NUMERIC) AS revenue__previous
FROM (SELECT buckets.day AS day
FROM (SELECT day AS day
FROM unnest($9::DATE[]) AS day) AS buckets
WHERE (EXISTS (SELECT found.day AS day, found.revenue AS revenue, found.revenue__previous AS revenue__previous
FROM found)) EXCEPT SELECT found.day AS day
FROM found) AS grouped_2) AS grouped_3
ORDER BY day
LIMIT $10::BIGINT OFFSET $11::BIGINT

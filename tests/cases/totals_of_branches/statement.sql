WITH levels AS 
(SELECT grouped.region AS region, grouped.month AS month, grouped.total_level AS total_level, coalesce(max(grouped.count), 0) AS count, max(grouped.refunded) AS refunded
FROM (SELECT orders.region AS region, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, count(*) AS count, CAST(NULL AS NUMERIC) AS refunded, grouping(orders.region) + grouping(CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)) AS total_level
FROM public.orders AS orders
WHERE orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE
GROUP BY GROUPING SETS((orders.region, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)), (orders.region), ())
UNION ALL SELECT orders.region AS region, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, CAST(NULL AS BIGINT) AS count, sum(refunds.amount) AS refunded, grouping(orders.region) + grouping(CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)) AS total_level
FROM public.orders AS orders
LEFT OUTER JOIN public.refunds AS refunds ON orders.id = refunds.order_id
WHERE (orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE) AND refunds.order_id IS NOT NULL
GROUP BY GROUPING SETS((orders.region, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)), (orders.region), ())) AS grouped
GROUP BY grouped.region, grouped.month, grouped.total_level)
 SELECT grouped_3.region AS region, grouped_3.month AS month, grouped_3.total_level AS total_level, grouped_3.count AS count, grouped_3.refunded AS refunded
FROM ((SELECT levels.region AS region, levels.month AS month, CAST(0 AS INTEGER) AS total_level, levels.count AS count, levels.refunded AS refunded
FROM levels
WHERE levels.total_level = CAST(0 AS INTEGER)
ORDER BY region, month
LIMIT $3::BIGINT OFFSET $4::BIGINT)
UNION ALL (SELECT grouped_2.region AS region, grouped_2.month AS month, grouped_2.total_level AS total_level, grouped_2.count AS count, grouped_2.refunded AS refunded
FROM (SELECT levels.region AS region, CAST(NULL AS DATE) AS month, CAST(1 AS INTEGER) AS total_level, levels.count AS count, levels.refunded AS refunded
FROM levels
WHERE levels.total_level = CAST(1 AS INTEGER)
UNION ALL SELECT CAST(NULL AS TEXT) AS region, CAST(NULL AS DATE) AS month, CAST(2 AS INTEGER) AS total_level, levels.count AS count, levels.refunded AS refunded
FROM levels
WHERE levels.total_level = CAST(2 AS INTEGER)) AS grouped_2
ORDER BY grouped_2.total_level, grouped_2.region, grouped_2.month
LIMIT $5::BIGINT)) AS grouped_3
ORDER BY grouped_3.total_level, grouped_3.region, grouped_3.month

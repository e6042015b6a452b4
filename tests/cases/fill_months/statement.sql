WITH found AS 
(SELECT orders.region AS region, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, count(*) AS count, sum(orders.total) AS sum_total, avg(orders.total) AS average
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY orders.region, CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)), 
grid AS 
(SELECT combinations.region AS region, buckets.month AS month
FROM (SELECT DISTINCT found.region AS region
FROM found) AS combinations JOIN (SELECT month AS month
FROM unnest($4::DATE[]) AS month) AS buckets ON true)
 SELECT grouped_2.region AS region, grouped_2.month AS month, grouped_2.count AS count, grouped_2.sum_total AS sum_total, grouped_2.average AS average
FROM (SELECT found.region AS region, found.month AS month, found.count AS count, found.sum_total AS sum_total, found.average AS average
FROM found
UNION ALL SELECT grouped.region AS region, grouped.month AS month, CAST(0 AS BIGINT) AS count, CAST(0 AS NUMERIC) AS sum_total, CAST(NULL AS NUMERIC) AS average
FROM ((SELECT grid.region AS region, grid.month AS month
FROM grid
LIMIT ALL OFFSET (SELECT CAST(-1 AS INTEGER) AS refused
FROM grid
LIMIT CAST(1 AS INTEGER) OFFSET CAST(1000000 AS INTEGER))) EXCEPT SELECT found.region AS region, found.month AS month
FROM found) AS grouped) AS grouped_2
ORDER BY region, month
LIMIT $5::BIGINT OFFSET $6::BIGINT

WITH levels AS 
(SELECT orders.region AS region, customer.segment AS customer_segment, count(*) AS count, count(DISTINCT orders.customer_id) AS buyers, percentile_cont(0.5) WITHIN GROUP (
ORDER BY orders.total) AS basket, grouping(orders.region) + grouping(customer.segment) AS total_level
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
GROUP BY GROUPING SETS((orders.region, customer.segment), (orders.region), ()))
 SELECT grouped_3.region AS region, grouped_3.customer_segment AS customer_segment, grouped_3.total_level AS total_level, grouped_3.count AS count, grouped_3.buyers AS buyers, grouped_3.basket AS basket, grouped_3.rank AS rank
FROM ((SELECT grouped.region AS region, grouped.customer_segment AS customer_segment, grouped.total_level AS total_level, grouped.count AS count, grouped.buyers AS buyers, grouped.basket AS basket, grouped.rank AS rank
FROM (SELECT levels.region AS region, levels.customer_segment AS customer_segment, CAST(0 AS INTEGER) AS total_level, levels.count AS count, levels.buyers AS buyers, levels.basket AS basket, rank() OVER (
ORDER BY levels.count DESC NULLS LAST) AS rank
FROM levels
WHERE levels.total_level = CAST(0 AS INTEGER)) AS grouped
WHERE grouped.count >= $1::BIGINT
ORDER BY grouped.count DESC NULLS LAST, grouped.region, grouped.customer_segment
LIMIT $2::BIGINT OFFSET $3::BIGINT)
UNION ALL (SELECT grouped_2.region AS region, grouped_2.customer_segment AS customer_segment, grouped_2.total_level AS total_level, grouped_2.count AS count, grouped_2.buyers AS buyers, grouped_2.basket AS basket, grouped_2.rank AS rank
FROM (SELECT levels.region AS region, CAST(NULL AS TEXT) AS customer_segment, CAST(1 AS INTEGER) AS total_level, levels.count AS count, levels.buyers AS buyers, levels.basket AS basket, rank() OVER (
ORDER BY levels.count DESC NULLS LAST) AS rank
FROM levels
WHERE levels.total_level = CAST(1 AS INTEGER)
UNION ALL SELECT CAST(NULL AS TEXT) AS region, CAST(NULL AS TEXT) AS customer_segment, CAST(2 AS INTEGER) AS total_level, levels.count AS count, levels.buyers AS buyers, levels.basket AS basket, rank() OVER (
ORDER BY levels.count DESC NULLS LAST) AS rank
FROM levels
WHERE levels.total_level = CAST(2 AS INTEGER)) AS grouped_2
ORDER BY grouped_2.total_level, grouped_2.count DESC NULLS LAST, grouped_2.region, grouped_2.customer_segment
LIMIT $4::BIGINT)) AS grouped_3
ORDER BY total_level, count DESC NULLS LAST, region, customer_segment

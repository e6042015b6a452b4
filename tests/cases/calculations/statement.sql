SELECT grouped.region AS region, grouped.status AS status, grouped.count AS count, grouped.basket AS basket, grouped.share AS share, grouped.ranked AS ranked, CASE WHEN (grouped.ranked <= $1::BIGINT) THEN $2::VARCHAR ELSE $3::VARCHAR END AS above
FROM (SELECT orders.region AS region, orders.status AS status, count(*) AS count, sum(orders.total) AS revenue, (sum(orders.total) / nullif(count(*), 0)) AS basket, round((sum(orders.total) / nullif(sum(sum(orders.total)) OVER (PARTITION BY orders.region), 0)), $4::INTEGER) AS share, rank() OVER (
ORDER BY sum(orders.total) DESC NULLS LAST) AS ranked
FROM public.orders AS orders
GROUP BY orders.region, orders.status) AS grouped
WHERE grouped.ranked <= $5::BIGINT
ORDER BY grouped.revenue DESC NULLS LAST, region, status
LIMIT $6::BIGINT OFFSET $7::BIGINT

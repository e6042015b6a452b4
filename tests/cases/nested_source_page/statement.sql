SELECT largest.status AS status, count(*) AS count, sum(largest.total) AS sum_total
FROM (SELECT orders.id AS id, orders.total AS total, orders.status AS status
FROM public.orders AS orders
WHERE orders.total IS NOT NULL
ORDER BY orders.total DESC NULLS LAST, orders.id
LIMIT $1::BIGINT OFFSET $2::BIGINT) AS largest
GROUP BY largest.status
ORDER BY status
LIMIT $3::BIGINT OFFSET $4::BIGINT

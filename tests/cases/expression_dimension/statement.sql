SELECT CASE WHEN (orders.total >= $1::NUMERIC) THEN $2::VARCHAR WHEN (orders.total IS NULL) THEN $3::VARCHAR ELSE $4::VARCHAR END AS size, CAST(EXTRACT(hour
FROM timezone($5::VARCHAR, orders.ordered_at)) AS BIGINT) AS local_hour, count(*) AS count
FROM public.orders AS orders
GROUP BY CASE WHEN (orders.total >= $1::NUMERIC) THEN $2::VARCHAR WHEN (orders.total IS NULL) THEN $3::VARCHAR ELSE $4::VARCHAR END, CAST(EXTRACT(hour
FROM timezone($5::VARCHAR, orders.ordered_at)) AS BIGINT)
ORDER BY size, local_hour
LIMIT $6::BIGINT OFFSET $7::BIGINT

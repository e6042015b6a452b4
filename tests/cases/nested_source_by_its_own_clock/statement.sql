SELECT query.week AS week, query.orders AS orders
FROM (SELECT CAST((date_trunc('week', (timezone($1::VARCHAR, orders.ordered_at) - CAST('6 days' AS INTERVAL))) + CAST('6 days' AS INTERVAL)) AS DATE) AS week, count(*) AS orders
FROM public.orders AS orders
WHERE (orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE) OR (orders.ordered_at >= $3::TIMESTAMP WITH TIME ZONE)
GROUP BY CAST((date_trunc('week', (timezone($1::VARCHAR, orders.ordered_at) - CAST('6 days' AS INTERVAL))) + CAST('6 days' AS INTERVAL)) AS DATE)) AS query
WHERE query.orders <= (SELECT count(*) AS count
FROM public.orders AS orders_2
WHERE (orders_2.ordered_at >= $4::TIMESTAMP WITH TIME ZONE) AND (orders_2.ordered_at < $5::TIMESTAMP WITH TIME ZONE))
ORDER BY query.week
LIMIT $6::BIGINT OFFSET $7::BIGINT

SELECT date_trunc('hour', orders.ordered_at, $1::VARCHAR) AS ordered_at, count(*) AS count
FROM public.orders AS orders
WHERE (orders.ordered_at >= $2::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $3::TIMESTAMP WITH TIME ZONE)
GROUP BY date_trunc('hour', orders.ordered_at, $1::VARCHAR)
ORDER BY ordered_at
LIMIT $4::BIGINT OFFSET $5::BIGINT

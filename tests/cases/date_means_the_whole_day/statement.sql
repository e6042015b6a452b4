SELECT orders.id AS id
FROM public.orders AS orders
WHERE (orders.ordered_at >= $1::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE)
ORDER BY orders.id
LIMIT $3::BIGINT OFFSET $4::BIGINT

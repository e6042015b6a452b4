SELECT orders.id AS id
FROM public.orders AS orders
WHERE (orders.ordered_at >= $1::TIMESTAMP WITH TIME ZONE) AND (orders.ordered_at < $2::TIMESTAMP WITH TIME ZONE) AND NOT (orders.due_on < $3::DATE)
ORDER BY orders.id
LIMIT $4::BIGINT OFFSET $5::BIGINT

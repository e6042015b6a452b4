SELECT orders.id AS id, (orders.due_on - $1::DATE) AS due_in, timezone($2::VARCHAR, (timezone($2::VARCHAR, orders.ordered_at) + CAST($3::VARCHAR AS INTERVAL))) AS later, CAST(date_trunc('month', timezone($2::VARCHAR, orders.ordered_at)) AS DATE) AS month, (orders.paid_at - timezone($2::VARCHAR, orders.ordered_at)) AS age
FROM public.orders AS orders
ORDER BY orders.id
LIMIT $4::BIGINT OFFSET $5::BIGINT

SELECT orders.id AS id
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.order_items AS order_items
WHERE (orders.id = order_items.order_id) AND NOT (order_items.quantity > $1::BIGINT)))
ORDER BY orders.id
LIMIT $2::BIGINT OFFSET $3::BIGINT

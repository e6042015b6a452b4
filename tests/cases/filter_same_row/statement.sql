SELECT orders.id AS id
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.order_items AS order_items
WHERE (orders.id = order_items.order_id) AND (order_items.quantity >= $1::BIGINT) AND (order_items.unit_price < $2::NUMERIC)))
ORDER BY orders.id
LIMIT $3::BIGINT OFFSET $4::BIGINT

SELECT orders.id AS id
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.order_items AS order_items
WHERE (orders.id = order_items.order_id) AND (order_items.quantity > $1::BIGINT))) OR (EXISTS (SELECT 1
FROM public.refunds AS refunds
WHERE (orders.id = refunds.order_id) AND (refunds.reason = $2::VARCHAR))) OR (orders.status = CAST($3::VARCHAR AS "public"."order_status"))
ORDER BY orders.id
LIMIT $4::BIGINT OFFSET $5::BIGINT

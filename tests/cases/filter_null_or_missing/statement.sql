SELECT orders.id AS id
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.refunds AS refunds
WHERE (orders.id = refunds.order_id) AND refunds.reason IS NULL)) OR NOT (EXISTS (SELECT 1
FROM public.refunds AS refunds
WHERE orders.id = refunds.order_id))
ORDER BY orders.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

SELECT orders.id AS id, orders.status AS status, sum(orders.total) OVER (
ORDER BY orders.id) AS so_far, count(*) OVER () AS rows
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM (SELECT 1 AS one) AS one
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id
LEFT OUTER JOIN public.refunds AS refunds ON orders.id = refunds.order_id
WHERE order_items.quantity > refunds.amount)) OR (orders.status = CAST($1::VARCHAR AS "public"."order_status"))
ORDER BY so_far DESC NULLS LAST, orders.id
LIMIT $2::BIGINT OFFSET $3::BIGINT

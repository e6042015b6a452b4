SELECT count(*) AS count, sum(orders.total) AS sum_total
FROM public.orders AS orders
WHERE (EXISTS (SELECT 1
FROM public.order_items AS order_items
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
WHERE (orders.id = order_items.order_id) AND order_items_product.name = ANY ($1::TEXT[])))
LIMIT $2::BIGINT OFFSET $3::BIGINT

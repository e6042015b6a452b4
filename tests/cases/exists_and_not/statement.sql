SELECT customers.name AS name
FROM public.customers AS customers
WHERE (EXISTS (SELECT 1
FROM public.orders AS orders_2
LEFT OUTER JOIN public.order_items AS order_items ON orders_2.id = order_items.order_id
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id
WHERE (customers.id = orders_2.customer_id) AND (order_items_product.category = $1::VARCHAR) AND (orders_2.status <> CAST($2::VARCHAR AS "public"."order_status")))) AND NOT (EXISTS (SELECT 1
FROM public.refunds AS refunds JOIN public.orders AS orders_3 ON orders_3.id = refunds.order_id
WHERE (customers.id = orders_3.customer_id) AND (refunds.reason = $3::VARCHAR)))
ORDER BY customers.id
LIMIT $4::BIGINT OFFSET $5::BIGINT

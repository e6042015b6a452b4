SELECT grouped.order_items_product_category AS order_items_product_category, grouped.refunds_reason AS refunds_reason, count(*) AS count
FROM (SELECT DISTINCT order_items.c1 AS order_items_product_category, refunds.c1 AS refunds_reason, orders.id AS key
FROM public.orders AS orders
LEFT OUTER JOIN (SELECT DISTINCT order_items.order_id AS c0, order_items_product.category AS c1
FROM public.order_items AS order_items
LEFT OUTER JOIN public.products AS order_items_product ON order_items.product_id = order_items_product.id) AS order_items ON orders.id = order_items.c0
LEFT OUTER JOIN (SELECT DISTINCT refunds.order_id AS c0, refunds.reason AS c1
FROM public.refunds AS refunds) AS refunds ON orders.id = refunds.c0) AS grouped
GROUP BY grouped.order_items_product_category, grouped.refunds_reason
ORDER BY order_items_product_category, refunds_reason
LIMIT $1::BIGINT OFFSET $2::BIGINT

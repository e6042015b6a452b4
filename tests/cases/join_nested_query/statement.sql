SELECT count(*) AS unusual
FROM public.order_items AS order_items
LEFT OUTER JOIN (SELECT order_items_2.product_id AS product_id, avg(order_items_2.quantity) AS usual
FROM public.order_items AS order_items_2
GROUP BY order_items_2.product_id) AS product_use ON order_items.product_id = product_use.product_id
WHERE order_items.quantity > ($1::NUMERIC * product_use.usual)
LIMIT $2::BIGINT OFFSET $3::BIGINT

SELECT customers.name AS name, orders.id AS orders_id, orders_order_items.quantity AS orders_order_items_quantity
FROM public.customers AS customers
LEFT OUTER JOIN public.orders AS orders ON customers.id = orders.customer_id
LEFT OUTER JOIN public.order_items AS orders_order_items ON orders.id = orders_order_items.order_id
WHERE customers.region = $1::VARCHAR
ORDER BY customers.name, customers.id, orders.id, orders_order_items.id
LIMIT $2::BIGINT OFFSET $3::BIGINT

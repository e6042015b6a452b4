SELECT orders.id AS id
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
WHERE (EXISTS (SELECT 1
FROM public.addresses AS customer_addresses
WHERE (customer.id = customer_addresses.customer_id) AND (EXISTS (SELECT 1
FROM public.order_items AS order_items_2
WHERE (orders.id = order_items_2.order_id) AND (order_items_2.unit_price > customer_addresses.latitude))))) OR NOT (EXISTS (SELECT 1
FROM public.addresses AS customer_addresses
WHERE customer.id = customer_addresses.customer_id)) AND (EXISTS (SELECT 1
FROM public.order_items AS order_items_2
WHERE (orders.id = order_items_2.order_id) AND (order_items_2.unit_price > CAST(NULL AS DOUBLE PRECISION))))
ORDER BY orders.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

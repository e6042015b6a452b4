SELECT product.name AS product_name, count(*) AS count, sum(order_items.quantity) AS sum_quantity
FROM (SELECT public.order_items.product_id AS product_id, public.order_items.quantity AS quantity
FROM public.order_items
WHERE EXISTS (SELECT 1
FROM public.orders AS parent
WHERE parent.id = public.order_items.order_id AND (parent.tenant_id = $1::VARCHAR) AND parent.region = ANY ($2::TEXT[]))) AS order_items
LEFT OUTER JOIN (SELECT public.products.id AS id, public.products.name AS name
FROM public.products
WHERE public.products.tenant_id = $1::VARCHAR) AS product ON order_items.product_id = product.id
GROUP BY product.name
ORDER BY product_name
LIMIT $3::BIGINT OFFSET $4::BIGINT

SELECT customers.id AS id, count(orders.customer_id) AS paid
FROM public.customers AS customers
LEFT OUTER JOIN public.orders AS orders ON (customers.id = orders.customer_id) AND (orders.status = CAST($1::VARCHAR AS "public"."order_status"))
GROUP BY customers.id
ORDER BY paid DESC NULLS LAST, id
LIMIT $2::BIGINT OFFSET $3::BIGINT

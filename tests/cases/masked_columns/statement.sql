SELECT grouped_2.customer_phone AS customer_phone, grouped_2.customer_segment AS customer_segment, coalesce(max(grouped_2.count), 0) AS count, coalesce(max(grouped_2.customers), 0) AS customers
FROM (SELECT customer.phone AS customer_phone, customer.segment AS customer_segment, count(*) AS count, CAST(NULL AS BIGINT) AS customers
FROM (SELECT public.orders.customer_id AS customer_id
FROM public.orders
WHERE public.orders.tenant_id = $1::VARCHAR) AS orders
LEFT OUTER JOIN (SELECT public.customers.id AS id_raw, '***' || right(CAST(public.customers.id AS TEXT), CASE WHEN (length(CAST(public.customers.id AS TEXT)) > 1) THEN 1 ELSE 0 END) AS id, '***' || right(CAST(public.customers.phone AS TEXT), CASE WHEN (length(CAST(public.customers.phone AS TEXT)) > 4) THEN 4 ELSE 0 END) AS phone, CAST($2::VARCHAR AS TEXT) AS segment
FROM public.customers
WHERE public.customers.tenant_id = $1::VARCHAR) AS customer ON orders.customer_id = customer.id_raw
WHERE customer.id = $3::VARCHAR
GROUP BY customer.phone, customer.segment
UNION ALL SELECT grouped.customer_phone AS customer_phone, grouped.customer_segment AS customer_segment, CAST(NULL AS BIGINT) AS count, count(*) AS customers
FROM (SELECT DISTINCT customer.phone AS customer_phone, customer.segment AS customer_segment, customer.id_raw AS key
FROM (SELECT public.orders.customer_id AS customer_id
FROM public.orders
WHERE public.orders.tenant_id = $1::VARCHAR) AS orders
LEFT OUTER JOIN (SELECT public.customers.id AS id_raw, '***' || right(CAST(public.customers.id AS TEXT), CASE WHEN (length(CAST(public.customers.id AS TEXT)) > 1) THEN 1 ELSE 0 END) AS id, '***' || right(CAST(public.customers.phone AS TEXT), CASE WHEN (length(CAST(public.customers.phone AS TEXT)) > 4) THEN 4 ELSE 0 END) AS phone, CAST($2::VARCHAR AS TEXT) AS segment
FROM public.customers
WHERE public.customers.tenant_id = $1::VARCHAR) AS customer ON orders.customer_id = customer.id_raw
WHERE (customer.id = $3::VARCHAR) AND customer.id_raw IS NOT NULL) AS grouped
GROUP BY grouped.customer_phone, grouped.customer_segment) AS grouped_2
GROUP BY grouped_2.customer_phone, grouped_2.customer_segment
ORDER BY count DESC NULLS LAST, customer_phone, customer_segment
LIMIT $4::BIGINT OFFSET $5::BIGINT

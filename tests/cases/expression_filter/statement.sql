SELECT orders.id AS id
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
WHERE (((orders.total * $1::NUMERIC) > $2::NUMERIC) OR customer.name LIKE $3::VARCHAR) AND (round(coalesce(orders.discount, $4::NUMERIC), $5::INTEGER) < $6::NUMERIC)
ORDER BY orders.id
LIMIT $7::BIGINT OFFSET $8::BIGINT

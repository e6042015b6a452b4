SELECT orders.id AS id, orders.total AS total
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.plans AS customer_plan ON customer.plan_id = customer_plan.id
WHERE (orders.total > customer_plan.monthly_price) AND (orders.due_on >= $1::DATE) AND (CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE) <= timezone($2::VARCHAR, orders.ordered_at))
ORDER BY orders.id
LIMIT $3::BIGINT OFFSET $4::BIGINT

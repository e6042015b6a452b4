SELECT grouped_3.region AS region, max(grouped_3.per_customer) AS per_customer, max(grouped_3.per_order) AS per_order, max(grouped_3.per_plan) AS per_plan
FROM (SELECT grouped.region AS region, avg(grouped.value) AS per_customer, CAST(NULL AS NUMERIC) AS per_order, CAST(NULL AS NUMERIC) AS per_plan
FROM (SELECT DISTINCT orders.region AS region, customer.id AS key, customer_plan.monthly_price AS value
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.plans AS customer_plan ON customer.plan_id = customer_plan.id
WHERE customer.id IS NOT NULL) AS grouped
GROUP BY grouped.region
UNION ALL SELECT orders.region AS region, CAST(NULL AS NUMERIC) AS per_customer, avg(customer_plan.monthly_price) AS per_order, CAST(NULL AS NUMERIC) AS per_plan
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.plans AS customer_plan ON customer.plan_id = customer_plan.id
GROUP BY orders.region
UNION ALL SELECT grouped_2.region AS region, CAST(NULL AS NUMERIC) AS per_customer, CAST(NULL AS NUMERIC) AS per_order, avg(grouped_2.value) AS per_plan
FROM (SELECT DISTINCT orders.region AS region, customer_plan.id AS key, customer_plan.monthly_price AS value
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LEFT OUTER JOIN public.plans AS customer_plan ON customer.plan_id = customer_plan.id
WHERE customer_plan.id IS NOT NULL) AS grouped_2
GROUP BY grouped_2.region) AS grouped_3
GROUP BY grouped_3.region
ORDER BY region
LIMIT $1::BIGINT OFFSET $2::BIGINT

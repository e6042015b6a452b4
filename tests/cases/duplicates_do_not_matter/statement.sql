SELECT count(*) AS count, max(customer.birthday) AS max_customer_birthday, count(DISTINCT customer.country) AS count_distinct_customer_country
FROM public.orders AS orders
LEFT OUTER JOIN public.customers AS customer ON orders.customer_id = customer.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

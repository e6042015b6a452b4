SELECT customer.name AS customer_name, count(*) AS count
FROM public.events AS events
LEFT OUTER JOIN public.customers AS customer ON events.customer_id = customer.id
GROUP BY customer.name
ORDER BY customer_name
LIMIT $1::BIGINT OFFSET $2::BIGINT

SELECT CAST((date_trunc('week', (timezone($1::VARCHAR, orders.ordered_at) - CAST('6 days' AS INTERVAL))) + CAST('6 days' AS INTERVAL)) AS DATE) AS week, CAST(EXTRACT(isodow
FROM (CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE) - CAST('6 days' AS INTERVAL))) AS INTEGER) AS weekday, CAST((date_trunc('quarter', (orders.paid_at - CAST('1 months' AS INTERVAL))) + CAST('1 months' AS INTERVAL)) AS DATE) AS quarter, CAST((date_trunc('year', (CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE) - CAST('1 months' AS INTERVAL))) + CAST('1 months' AS INTERVAL)) AS DATE) AS year, CAST(EXTRACT(quarter
FROM (timezone($1::VARCHAR, orders.ordered_at) - CAST('1 months' AS INTERVAL))) AS INTEGER) AS nth, count(*) AS count
FROM public.orders AS orders
GROUP BY CAST((date_trunc('week', (timezone($1::VARCHAR, orders.ordered_at) - CAST('6 days' AS INTERVAL))) + CAST('6 days' AS INTERVAL)) AS DATE), CAST(EXTRACT(isodow
FROM (CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE) - CAST('6 days' AS INTERVAL))) AS INTEGER), CAST((date_trunc('quarter', (orders.paid_at - CAST('1 months' AS INTERVAL))) + CAST('1 months' AS INTERVAL)) AS DATE), CAST((date_trunc('year', (CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE) - CAST('1 months' AS INTERVAL))) + CAST('1 months' AS INTERVAL)) AS DATE), CAST(EXTRACT(quarter
FROM (timezone($1::VARCHAR, orders.ordered_at) - CAST('1 months' AS INTERVAL))) AS INTEGER)
ORDER BY week, weekday, quarter, year, nth
LIMIT $2::BIGINT OFFSET $3::BIGINT

SELECT customers.id AS id, CAST(CASE WHEN (customers.phone ~ '^[ \t\n\r\f\v]*[+-]?([0-9]{1,200}(\.[0-9]{0,200})?|\.[0-9]{1,200})([eE][+-]?[0-9]{1,2})?[ \t\n\r\f\v]*$') THEN CAST(customers.phone AS NUMERIC) END AS NUMERIC) AS number, ($1::NUMERIC / nullif((CAST(customers.id AS NUMERIC) - $2::NUMERIC), 0)) AS ratio, CASE WHEN (round(CAST((CAST(customers.id AS NUMERIC) * $3::NUMERIC) AS NUMERIC)) BETWEEN -2147483648 AND 2147483647) THEN CAST((CAST(customers.id AS NUMERIC) * $3::NUMERIC) AS INTEGER) END AS small
FROM public.customers AS customers
ORDER BY customers.id
LIMIT $4::BIGINT OFFSET $5::BIGINT

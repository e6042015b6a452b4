SELECT ($1::NUMERIC[])[width_bucket(orders.total, $1::NUMERIC[])] AS total, ($2::NUMERIC[])[width_bucket(orders.discount, $2::NUMERIC[])] AS tenth, count(*) AS count
FROM public.orders AS orders
WHERE orders.total IS NOT NULL
GROUP BY ($1::NUMERIC[])[width_bucket(orders.total, $1::NUMERIC[])], ($2::NUMERIC[])[width_bucket(orders.discount, $2::NUMERIC[])]
ORDER BY total, tenth
LIMIT $3::BIGINT OFFSET $4::BIGINT

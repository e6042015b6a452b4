SELECT grouped.total AS total, grouped.line AS line, count(*) AS count, sum(grouped.value) AS sum
FROM (SELECT DISTINCT ($1::NUMERIC + $2::NUMERIC * (div((orders.total - $1::NUMERIC), $2::NUMERIC) + least(sign(mod((orders.total - $1::NUMERIC), $2::NUMERIC)), 0))) AS total, ($3::NUMERIC * (div(CAST(order_items.quantity AS NUMERIC), $3::NUMERIC) + least(sign(mod(CAST(order_items.quantity AS NUMERIC), $3::NUMERIC)), 0))) AS line, orders.id AS key, orders.total AS value
FROM public.orders AS orders
LEFT OUTER JOIN public.order_items AS order_items ON orders.id = order_items.order_id) AS grouped
GROUP BY grouped.total, grouped.line
ORDER BY total, line
LIMIT $4::BIGINT OFFSET $5::BIGINT

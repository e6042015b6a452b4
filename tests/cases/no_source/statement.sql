SELECT grouped.month AS month, max(grouped.revenue) AS revenue, max(grouped.refunded) AS refunded, coalesce(max(grouped.refunds), 0) AS refunds, (coalesce(max(grouped.revenue), $1::NUMERIC) - coalesce(max(grouped.refunded), $2::NUMERIC)) AS net
FROM (SELECT CAST(date_trunc('month', timezone($3::VARCHAR, orders.ordered_at)) AS DATE) AS month, sum(orders.total) AS revenue, CAST(NULL AS NUMERIC) AS refunded, CAST(NULL AS BIGINT) AS refunds
FROM public.orders AS orders
WHERE orders.total < $4::NUMERIC
GROUP BY CAST(date_trunc('month', timezone($3::VARCHAR, orders.ordered_at)) AS DATE)
UNION ALL SELECT CAST(date_trunc('month', timezone($3::VARCHAR, refunds.refunded_at)) AS DATE) AS month, CAST(NULL AS NUMERIC) AS revenue, sum(refunds.amount) AS refunded, count(*) AS refunds
FROM public.refunds AS refunds
LEFT OUTER JOIN public.orders AS "order" ON refunds.order_id = "order".id
WHERE "order".total < $4::NUMERIC
GROUP BY CAST(date_trunc('month', timezone($3::VARCHAR, refunds.refunded_at)) AS DATE)) AS grouped
GROUP BY grouped.month
HAVING (coalesce(max(grouped.revenue), $1::NUMERIC) - coalesce(max(grouped.refunded), $2::NUMERIC)) <> $5::NUMERIC
ORDER BY net DESC NULLS LAST, month
LIMIT $6::BIGINT OFFSET $7::BIGINT

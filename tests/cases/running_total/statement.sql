SELECT grouped.month AS month, grouped.revenue AS revenue, grouped.running AS running, grouped.before AS before, grouped.average AS average, (grouped.revenue - grouped.before) AS change, sum((grouped.revenue - grouped.before)) OVER (
ORDER BY grouped.month) AS running_change
FROM (SELECT CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) AS month, sum(orders.total) AS revenue, sum(sum(orders.total)) OVER (
ORDER BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)) AS running, lag(sum(orders.total), $2::INTEGER, $3::NUMERIC) OVER (
ORDER BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)) AS before, avg(sum(orders.total)) OVER (
ORDER BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE) ROWS BETWEEN $4::INTEGER PRECEDING AND CURRENT ROW) AS average
FROM public.orders AS orders
GROUP BY CAST(date_trunc('month', timezone($1::VARCHAR, orders.ordered_at)) AS DATE)) AS grouped
ORDER BY month
LIMIT $5::BIGINT OFFSET $6::BIGINT

SELECT month, revenue, sum(revenue) OVER w, lag(revenue, 1, 0::numeric) OVER w,
       avg(revenue) OVER (ORDER BY month ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),
       revenue - lag(revenue, 1, 0::numeric) OVER w, revenue
FROM (SELECT date_trunc('month', ordered_at, 'UTC')::date AS month, sum(total) AS revenue FROM orders GROUP BY 1) months
WINDOW w AS (ORDER BY month) ORDER BY month

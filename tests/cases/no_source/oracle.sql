WITH sold AS (
    SELECT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month, sum(total) AS revenue
    FROM orders WHERE total < 1000000 GROUP BY 1
), returned AS (
    SELECT date_trunc('month', r.refunded_at AT TIME ZONE 'UTC')::date AS month, sum(r.amount) AS refunded, count(*) AS refunds
    FROM refunds r JOIN orders o ON o.id = r.order_id WHERE o.total < 1000000 GROUP BY 1
)
SELECT month, revenue, refunded, coalesce(refunds, 0), coalesce(revenue, 0) - coalesce(refunded, 0) AS net
FROM sold FULL JOIN returned USING (month)
WHERE coalesce(revenue, 0) - coalesce(refunded, 0) <> 0
ORDER BY net DESC, month;

-- The null segment is a candidate like any other; the result has its own order, not that of the ranking.
SELECT * FROM (
    SELECT segment, count(*), sum(total) AS revenue FROM orders LEFT JOIN customers ON customers.id = customer_id
    GROUP BY segment ORDER BY revenue DESC NULLS LAST, segment LIMIT 2
) ranked ORDER BY segment

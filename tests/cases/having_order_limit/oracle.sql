SELECT status, count(*), sum(total) AS revenue FROM orders
GROUP BY status HAVING count(*) >= 1 AND sum(total) IS NOT NULL
ORDER BY revenue DESC NULLS LAST, status LIMIT 2 OFFSET 1

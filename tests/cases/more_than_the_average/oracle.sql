SELECT status, sum(total)
FROM orders WHERE total < 1000000
GROUP BY status
HAVING sum(total) > (SELECT avg(total) FROM orders WHERE total < 1000000)
ORDER BY status;

-- Ranked by the buyers of a status in all regions together, whom the parts of several regions would count twice.
SELECT region, status, count(*) FROM orders
WHERE status IN (SELECT status FROM orders GROUP BY status ORDER BY count(DISTINCT customer_id) DESC, status LIMIT 2)
GROUP BY region, status ORDER BY 3 DESC, region, status

-- A measure's own filter removes no group: the region without a paid order has 0 of them, and null in the sum.
SELECT region, count(*), count(*) FILTER (WHERE status = 'paid'), sum(total) FILTER (WHERE total > 1000)
FROM orders GROUP BY region ORDER BY region

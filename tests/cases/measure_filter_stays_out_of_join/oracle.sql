-- A dimension reads the joined order: a status none of whose orders is large is a group, too, and stays one.
SELECT o.status, count(*) FILTER (WHERE o.total > 60) AS large
FROM customers c LEFT JOIN orders o ON o.customer_id = c.id
GROUP BY o.status
ORDER BY o.status

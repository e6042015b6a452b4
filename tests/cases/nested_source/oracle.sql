SELECT orders, count(*)
FROM (SELECT c.id, count(o.id) AS orders FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id) t
GROUP BY orders ORDER BY 2 DESC, 1;

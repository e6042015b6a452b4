-- The average price over plans, over customers, and over orders are three questions.
SELECT region,
       (SELECT avg(p.monthly_price) FROM customers c JOIN plans p ON p.id = c.plan_id
        WHERE c.id IN (SELECT customer_id FROM orders o WHERE o.region = r.region)),
       (SELECT avg(p.monthly_price) FROM orders o JOIN customers c ON c.id = o.customer_id JOIN plans p ON p.id = c.plan_id
        WHERE o.region = r.region),
       (SELECT avg(p.monthly_price) FROM plans p
        WHERE p.id IN (SELECT c.plan_id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.region = r.region))
FROM (SELECT DISTINCT region FROM orders) r ORDER BY region

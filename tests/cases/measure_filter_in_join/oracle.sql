-- A filter of a measure takes no group away: customers who paid nothing have 0.
SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid') AS paid
FROM customers c
ORDER BY paid DESC, c.id

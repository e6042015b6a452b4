-- max and count_distinct do not notice that a customer is there once per order, so one plain SELECT does.
SELECT count(*), max(c.birthday), count(DISTINCT c.country) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id

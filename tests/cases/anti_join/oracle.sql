-- "Has no order": the row that the LEFT JOIN extends with nulls satisfies is_null.
SELECT name FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) ORDER BY c.id

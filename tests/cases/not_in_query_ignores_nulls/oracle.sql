-- An order without a customer would make a bare NOT IN unknown for every customer.
SELECT id, name FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) ORDER BY id;

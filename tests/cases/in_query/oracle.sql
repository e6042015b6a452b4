SELECT id, name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total >= 100) ORDER BY id;

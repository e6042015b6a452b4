SELECT o.id FROM orders o
WHERE EXISTS (SELECT FROM orders other WHERE other.customer_id = o.customer_id AND other.id <> o.id AND other.total > o.total)
ORDER BY o.id;

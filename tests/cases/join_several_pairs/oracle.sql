SELECT c.name, sum(r.amount), count(*)
FROM refunds r
LEFT JOIN orders o ON o.id = r.order_id
LEFT JOIN customers c ON c.tenant_id = r.tenant_id AND c.id = o.customer_id
GROUP BY c.name ORDER BY c.name;

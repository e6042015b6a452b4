-- Each table is reduced to the tenant's rows before it is joined: globex's order does not show acme's customer.
SELECT c.name, count(*), sum(o.total)
FROM (SELECT * FROM orders WHERE tenant_id = 'globex') o
LEFT JOIN (SELECT * FROM customers WHERE tenant_id = 'globex') c ON c.id = o.customer_id
GROUP BY c.name ORDER BY c.name NULLS LAST

-- An item is visible where its order is: of the tenant, and in one of the caller's regions.
SELECT p.name, count(*), sum(i.quantity)
FROM order_items i
JOIN orders o ON o.id = i.order_id AND o.tenant_id = 'acme' AND o.region = 'EU'
LEFT JOIN products p ON p.id = i.product_id AND p.tenant_id = 'acme'
GROUP BY p.name ORDER BY p.name NULLS LAST

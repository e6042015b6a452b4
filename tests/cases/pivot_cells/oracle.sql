-- The cells, whatever the page: each with the place of its row (the tenants, descending) and of its column (the
-- reasons, null last), counted by what stands before it.
WITH cells AS (SELECT reason, tenant_id, sum(amount) AS amount FROM refunds GROUP BY reason, tenant_id)
SELECT reason, tenant_id, amount,
       1 + (SELECT count(DISTINCT before.tenant_id) FROM cells AS before WHERE before.tenant_id > cells.tenant_id),
       1 + (SELECT count(DISTINCT before.reason) FROM cells AS before
            WHERE before.reason < cells.reason OR cells.reason IS NULL)
FROM cells
ORDER BY 4, 5;

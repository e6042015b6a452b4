-- The quota of two payouts counts once: it is told apart by both columns of its key.
SELECT tenant_id, count(*), sum(amount)
FROM (
    SELECT DISTINCT p.tenant_id, q.employee_id, q.quarter, q.amount
    FROM sales.quotas q LEFT JOIN sales.payouts p ON p.employee_id = q.employee_id AND p.quarter = q.quarter
) each_once
GROUP BY tenant_id ORDER BY tenant_id NULLS LAST

SELECT grouped.payouts_tenant_id AS payouts_tenant_id, count(*) AS count, sum(grouped.value) AS sum_amount
FROM (SELECT DISTINCT payouts.tenant_id AS payouts_tenant_id, quotas.employee_id AS key, quotas.quarter AS key_2, quotas.amount AS value
FROM sales.quotas AS quotas
LEFT OUTER JOIN sales.payouts AS payouts ON (quotas.employee_id = payouts.employee_id) AND (quotas.quarter = payouts.quarter)) AS grouped
GROUP BY grouped.payouts_tenant_id
ORDER BY payouts_tenant_id
LIMIT $1::BIGINT OFFSET $2::BIGINT

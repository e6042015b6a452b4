SELECT refunds.reason AS reason, refunds.tenant_id AS tenant_id, sum(refunds.amount) AS sum_amount, dense_rank() OVER (
ORDER BY refunds.tenant_id DESC NULLS LAST) AS row_rank, dense_rank() OVER (
ORDER BY refunds.reason) AS column_rank
FROM public.refunds AS refunds
GROUP BY refunds.reason, refunds.tenant_id
ORDER BY row_rank, column_rank
LIMIT $1::BIGINT

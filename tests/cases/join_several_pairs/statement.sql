SELECT buyer.name AS buyer_name, sum(refunds.amount) AS refunded, count(*) AS count
FROM public.refunds AS refunds
LEFT OUTER JOIN public.orders AS "order" ON refunds.order_id = "order".id
LEFT OUTER JOIN public.customers AS buyer ON (refunds.tenant_id = buyer.tenant_id) AND ("order".customer_id = buyer.id)
GROUP BY buyer.name
ORDER BY buyer_name
LIMIT $1::BIGINT OFFSET $2::BIGINT

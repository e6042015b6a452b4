SELECT left(customer.c_phone, $1::INTEGER) AS cntrycode, count(*) AS numcust, sum(customer.c_acctbal) AS totacctbal
FROM public.customer AS customer
WHERE left(customer.c_phone, $2::INTEGER) = ANY ($3::TEXT[]) AND (customer.c_acctbal > (SELECT avg(customer_2.c_acctbal) AS avg_c_acctbal
FROM public.customer AS customer_2
WHERE (customer_2.c_acctbal > $4::NUMERIC) AND left(customer_2.c_phone, $5::INTEGER) = ANY ($6::TEXT[]))) AND NOT (EXISTS (SELECT 1
FROM public.orders AS orders_2
WHERE customer.c_custkey = orders_2.o_custkey))
GROUP BY left(customer.c_phone, $1::INTEGER)
ORDER BY cntrycode
LIMIT $7::BIGINT OFFSET $8::BIGINT

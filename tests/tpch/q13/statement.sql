SELECT query.c_count AS c_count, count(*) AS custdist
FROM (SELECT customer.c_custkey AS c_custkey, count(orders.o_custkey) AS c_count
FROM public.customer AS customer
LEFT OUTER JOIN public.orders AS orders ON (customer.c_custkey = orders.o_custkey) AND NOT (orders.o_comment LIKE $1::VARCHAR)
GROUP BY customer.c_custkey) AS query
GROUP BY query.c_count
ORDER BY custdist DESC NULLS LAST, c_count DESC NULLS LAST
LIMIT $2::BIGINT OFFSET $3::BIGINT

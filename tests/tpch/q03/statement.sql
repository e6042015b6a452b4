SELECT lineitem.l_orderkey AS l_orderkey, orders.o_orderdate AS o_orderdate, orders.o_shippriority AS o_shippriority, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.customer AS orders_customer ON orders.o_custkey = orders_customer.c_custkey
WHERE (orders_customer.c_mktsegment = $2::VARCHAR) AND (orders.o_orderdate < $3::DATE) AND (lineitem.l_shipdate > $4::DATE)
GROUP BY lineitem.l_orderkey, orders.o_orderdate, orders.o_shippriority
ORDER BY revenue DESC NULLS LAST, o_orderdate, l_orderkey, o_shippriority
LIMIT $5::BIGINT OFFSET $6::BIGINT

SELECT orders_customer.c_custkey AS c_custkey, orders_customer.c_name AS c_name, orders_customer.c_acctbal AS c_acctbal, orders_customer_nation.n_name AS n_name, orders_customer.c_address AS c_address, orders_customer.c_phone AS c_phone, orders_customer.c_comment AS c_comment, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.customer AS orders_customer ON orders.o_custkey = orders_customer.c_custkey
LEFT OUTER JOIN public.nation AS orders_customer_nation ON orders_customer.c_nationkey = orders_customer_nation.n_nationkey
WHERE (orders.o_orderdate >= $2::DATE) AND (orders.o_orderdate < $3::DATE) AND (lineitem.l_returnflag = $4::VARCHAR)
GROUP BY orders_customer.c_custkey, orders_customer.c_name, orders_customer.c_acctbal, orders_customer_nation.n_name, orders_customer.c_address, orders_customer.c_phone, orders_customer.c_comment
ORDER BY revenue DESC NULLS LAST, c_custkey, c_name, c_acctbal, n_name, c_address, c_phone, c_comment
LIMIT $5::BIGINT OFFSET $6::BIGINT

SELECT supplier_nation.n_name AS n_name, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.supplier AS supplier ON lineitem.l_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
LEFT OUTER JOIN public.region AS supplier_nation_region ON supplier_nation.n_regionkey = supplier_nation_region.r_regionkey
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.customer AS orders_customer ON orders.o_custkey = orders_customer.c_custkey
WHERE (supplier_nation_region.r_name = $2::VARCHAR) AND (orders_customer.c_nationkey = supplier.s_nationkey) AND (orders.o_orderdate >= $3::DATE) AND (orders.o_orderdate < $4::DATE)
GROUP BY supplier_nation.n_name
ORDER BY revenue DESC NULLS LAST, n_name
LIMIT $5::BIGINT OFFSET $6::BIGINT

SELECT EXTRACT(year FROM orders.o_orderdate) AS o_year, (coalesce(sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) FILTER (WHERE supplier_nation.n_name = $2::VARCHAR), $3::NUMERIC) / nullif(sum((lineitem.l_extendedprice * ($4::NUMERIC - lineitem.l_discount))), 0)) AS mkt_share
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.supplier AS supplier ON lineitem.l_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
LEFT OUTER JOIN public.customer AS orders_customer ON orders.o_custkey = orders_customer.c_custkey
LEFT OUTER JOIN public.nation AS orders_customer_nation ON orders_customer.c_nationkey = orders_customer_nation.n_nationkey
LEFT OUTER JOIN public.region AS orders_customer_nation_region ON orders_customer_nation.n_regionkey = orders_customer_nation_region.r_regionkey
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE (orders_customer_nation_region.r_name = $5::VARCHAR) AND (orders.o_orderdate >= $6::DATE) AND (orders.o_orderdate <= $7::DATE) AND (part.p_type = $8::VARCHAR)
GROUP BY EXTRACT(year FROM orders.o_orderdate)
ORDER BY o_year
LIMIT $9::BIGINT OFFSET $10::BIGINT

SELECT supplier_nation.n_name AS nation, EXTRACT(year FROM orders.o_orderdate) AS o_year, sum(((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount)) - (partsupp.ps_supplycost * lineitem.l_quantity))) AS sum_profit
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.supplier AS supplier ON lineitem.l_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.partsupp AS partsupp ON (lineitem.l_partkey = partsupp.ps_partkey) AND (lineitem.l_suppkey = partsupp.ps_suppkey)
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE part.p_name LIKE $2::VARCHAR
GROUP BY supplier_nation.n_name, EXTRACT(year FROM orders.o_orderdate)
ORDER BY nation, o_year DESC NULLS LAST
LIMIT $3::BIGINT OFFSET $4::BIGINT

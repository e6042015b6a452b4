SELECT supplier_nation.n_name AS supp_nation, orders_customer_nation.n_name AS cust_nation, EXTRACT(year FROM lineitem.l_shipdate) AS l_year, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.supplier AS supplier ON lineitem.l_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.customer AS orders_customer ON orders.o_custkey = orders_customer.c_custkey
LEFT OUTER JOIN public.nation AS orders_customer_nation ON orders_customer.c_nationkey = orders_customer_nation.n_nationkey
WHERE ((supplier_nation.n_name = $2::VARCHAR) AND (orders_customer_nation.n_name = $3::VARCHAR) OR (supplier_nation.n_name = $4::VARCHAR) AND (orders_customer_nation.n_name = $5::VARCHAR)) AND (lineitem.l_shipdate >= $6::DATE) AND (lineitem.l_shipdate <= $7::DATE)
GROUP BY supplier_nation.n_name, orders_customer_nation.n_name, EXTRACT(year FROM lineitem.l_shipdate)
ORDER BY supp_nation, cust_nation, l_year
LIMIT $8::BIGINT OFFSET $9::BIGINT

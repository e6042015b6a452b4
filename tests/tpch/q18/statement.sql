SELECT orders_customer.c_name AS c_name, orders_customer.c_custkey AS c_custkey, orders.o_orderkey AS o_orderkey, orders.o_orderdate AS o_orderdate, orders.o_totalprice AS o_totalprice, sum(lineitem.l_quantity) AS sum
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.customer AS orders_customer ON orders.o_custkey = orders_customer.c_custkey
WHERE orders.o_orderkey IN (SELECT lineitem_2.l_orderkey AS l_orderkey
FROM public.lineitem AS lineitem_2
GROUP BY lineitem_2.l_orderkey
HAVING (sum(lineitem_2.l_quantity) > $1::NUMERIC) AND lineitem_2.l_orderkey IS NOT NULL)
GROUP BY orders_customer.c_name, orders_customer.c_custkey, orders.o_orderkey, orders.o_orderdate, orders.o_totalprice
ORDER BY o_totalprice DESC NULLS LAST, o_orderdate, c_name, c_custkey, o_orderkey
LIMIT $2::BIGINT OFFSET $3::BIGINT

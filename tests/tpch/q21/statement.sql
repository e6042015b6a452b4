SELECT supplier.s_name AS s_name, count(*) AS numwait
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.supplier AS supplier ON lineitem.l_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
WHERE (orders.o_orderstatus = $1::VARCHAR) AND (supplier_nation.n_name = $2::VARCHAR) AND (lineitem.l_receiptdate > lineitem.l_commitdate) AND (EXISTS (SELECT 1
FROM public.lineitem AS lineitem_3
JOIN public.orders AS orders_2 ON orders_2.o_orderkey = lineitem_3.l_orderkey
WHERE (lineitem.l_orderkey = orders_2.o_orderkey) AND (lineitem_3.l_suppkey <> lineitem.l_suppkey))) AND NOT (EXISTS (SELECT 1
FROM public.lineitem AS lineitem_5
JOIN public.orders AS orders_3 ON orders_3.o_orderkey = lineitem_5.l_orderkey
WHERE (lineitem.l_orderkey = orders_3.o_orderkey) AND (lineitem_5.l_suppkey <> lineitem.l_suppkey) AND (lineitem_5.l_receiptdate > lineitem_5.l_commitdate)))
GROUP BY supplier.s_name
ORDER BY numwait DESC NULLS LAST, s_name
LIMIT $3::BIGINT OFFSET $4::BIGINT

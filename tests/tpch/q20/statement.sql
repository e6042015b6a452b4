SELECT supplier.s_name AS s_name, supplier.s_address AS s_address
FROM public.supplier AS supplier
LEFT OUTER JOIN public.nation AS nation ON supplier.s_nationkey = nation.n_nationkey
WHERE (nation.n_name = $1::VARCHAR) AND supplier.s_suppkey IN (SELECT partsupp.ps_suppkey AS ps_suppkey
FROM public.partsupp AS partsupp
LEFT OUTER JOIN (SELECT lineitem.l_partkey AS l_partkey, lineitem.l_suppkey AS l_suppkey, sum(lineitem.l_quantity) AS quantity
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE part.p_name LIKE $2::VARCHAR AND (lineitem.l_shipdate >= $3::DATE) AND (lineitem.l_shipdate < $4::DATE)
GROUP BY lineitem.l_partkey, lineitem.l_suppkey) AS shipped ON (partsupp.ps_partkey = shipped.l_partkey) AND (partsupp.ps_suppkey = shipped.l_suppkey)
LEFT OUTER JOIN public.part AS part_2 ON partsupp.ps_partkey = part_2.p_partkey
WHERE part_2.p_name LIKE $5::VARCHAR AND (partsupp.ps_availqty > ($6::NUMERIC * shipped.quantity)) AND partsupp.ps_suppkey IS NOT NULL)
ORDER BY supplier.s_name, supplier.s_suppkey
LIMIT $7::BIGINT OFFSET $8::BIGINT

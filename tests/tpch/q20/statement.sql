SELECT supplier.s_name AS s_name, supplier.s_address AS s_address
FROM public.supplier AS supplier
LEFT OUTER JOIN public.nation AS nation ON supplier.s_nationkey = nation.n_nationkey
WHERE (nation.n_name = $1::VARCHAR) AND supplier.s_suppkey IN (SELECT query.l_suppkey AS l_suppkey
FROM (SELECT lineitem.l_suppkey AS l_suppkey, lineitem.l_partkey AS l_partkey, partsupp.ps_availqty AS available, sum(lineitem.l_quantity) AS shipped
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.partsupp AS partsupp ON (lineitem.l_partkey = partsupp.ps_partkey) AND (lineitem.l_suppkey = partsupp.ps_suppkey)
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE part.p_name LIKE $2::VARCHAR AND (lineitem.l_shipdate >= $3::DATE) AND (lineitem.l_shipdate < $4::DATE)
GROUP BY lineitem.l_suppkey, lineitem.l_partkey, partsupp.ps_availqty
HAVING partsupp.ps_availqty > ($5::NUMERIC * sum(lineitem.l_quantity))) AS query
WHERE query.l_suppkey IS NOT NULL)
ORDER BY supplier.s_name, supplier.s_suppkey
LIMIT $6::BIGINT OFFSET $7::BIGINT

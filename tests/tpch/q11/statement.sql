SELECT partsupp.ps_partkey AS ps_partkey, sum((partsupp.ps_supplycost * partsupp.ps_availqty)) AS value
FROM public.partsupp AS partsupp
LEFT OUTER JOIN public.supplier AS supplier ON partsupp.ps_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
WHERE supplier_nation.n_name = $1::VARCHAR
GROUP BY partsupp.ps_partkey
HAVING sum((partsupp.ps_supplycost * partsupp.ps_availqty)) > (SELECT (sum((partsupp_2.ps_supplycost * partsupp_2.ps_availqty)) * $2::NUMERIC) AS share
FROM public.partsupp AS partsupp_2
LEFT OUTER JOIN public.supplier AS supplier_2 ON partsupp_2.ps_suppkey = supplier_2.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation_2 ON supplier_2.s_nationkey = supplier_nation_2.n_nationkey
WHERE supplier_nation_2.n_name = $3::VARCHAR)
ORDER BY value DESC NULLS LAST, ps_partkey
LIMIT $4::BIGINT OFFSET $5::BIGINT

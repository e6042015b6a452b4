SELECT supplier_2.s_acctbal AS s_acctbal, supplier_2.s_name AS s_name, supplier_nation_2.n_name AS n_name, part_2.p_partkey AS p_partkey, part_2.p_mfgr AS p_mfgr, supplier_2.s_address AS s_address, supplier_2.s_phone AS s_phone, supplier_2.s_comment AS s_comment
FROM public.partsupp AS partsupp
LEFT OUTER JOIN (SELECT partsupp_2.ps_partkey AS ps_partkey, min(partsupp_2.ps_supplycost) AS cost
FROM public.partsupp AS partsupp_2
LEFT OUTER JOIN public.part AS part ON partsupp_2.ps_partkey = part.p_partkey
LEFT OUTER JOIN public.supplier AS supplier ON partsupp_2.ps_suppkey = supplier.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation ON supplier.s_nationkey = supplier_nation.n_nationkey
LEFT OUTER JOIN public.region AS supplier_nation_region ON supplier_nation.n_regionkey = supplier_nation_region.r_regionkey
WHERE (part.p_size = $1::BIGINT) AND part.p_type LIKE $2::VARCHAR AND (supplier_nation_region.r_name = $3::VARCHAR)
GROUP BY partsupp_2.ps_partkey) AS lowest ON partsupp.ps_partkey = lowest.ps_partkey
LEFT OUTER JOIN public.supplier AS supplier_2 ON partsupp.ps_suppkey = supplier_2.s_suppkey
LEFT OUTER JOIN public.nation AS supplier_nation_2 ON supplier_2.s_nationkey = supplier_nation_2.n_nationkey
LEFT OUTER JOIN public.part AS part_2 ON partsupp.ps_partkey = part_2.p_partkey
LEFT OUTER JOIN public.region AS supplier_nation_region_2 ON supplier_nation_2.n_regionkey = supplier_nation_region_2.r_regionkey
WHERE (part_2.p_size = $4::BIGINT) AND part_2.p_type LIKE $5::VARCHAR AND (supplier_nation_region_2.r_name = $6::VARCHAR) AND (partsupp.ps_supplycost = lowest.cost)
ORDER BY supplier_2.s_acctbal DESC NULLS LAST, supplier_nation_2.n_name, supplier_2.s_name, part_2.p_partkey, partsupp.ps_partkey, partsupp.ps_suppkey
LIMIT $7::BIGINT OFFSET $8::BIGINT

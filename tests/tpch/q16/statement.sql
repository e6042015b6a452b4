SELECT part.p_brand AS p_brand, part.p_type AS p_type, part.p_size AS p_size, count(DISTINCT partsupp.ps_suppkey) AS supplier_cnt
FROM public.partsupp AS partsupp
LEFT OUTER JOIN public.part AS part ON partsupp.ps_partkey = part.p_partkey
WHERE (part.p_brand <> $1::VARCHAR) AND NOT (part.p_type LIKE $2::VARCHAR) AND part.p_size = ANY ($3::BIGINT[]) AND NOT (partsupp.ps_suppkey IN (SELECT supplier.s_suppkey AS s_suppkey
FROM public.supplier AS supplier
WHERE supplier.s_comment LIKE $4::VARCHAR AND supplier.s_suppkey IS NOT NULL))
GROUP BY part.p_brand, part.p_type, part.p_size
ORDER BY supplier_cnt DESC NULLS LAST, p_brand, p_type, p_size
LIMIT $5::BIGINT OFFSET $6::BIGINT

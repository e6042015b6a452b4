SELECT (sum(lineitem.l_extendedprice) / nullif($1::NUMERIC, 0)) AS avg_yearly
FROM public.lineitem AS lineitem
LEFT OUTER JOIN (SELECT lineitem_2.l_partkey AS l_partkey, avg(lineitem_2.l_quantity) AS quantity
FROM public.lineitem AS lineitem_2
LEFT OUTER JOIN public.part AS part ON lineitem_2.l_partkey = part.p_partkey
WHERE (part.p_brand = $2::VARCHAR) AND (part.p_container = $3::VARCHAR)
GROUP BY lineitem_2.l_partkey) AS usual ON lineitem.l_partkey = usual.l_partkey
LEFT OUTER JOIN public.part AS part_2 ON lineitem.l_partkey = part_2.p_partkey
WHERE (part_2.p_brand = $4::VARCHAR) AND (part_2.p_container = $5::VARCHAR) AND (lineitem.l_quantity < ($6::NUMERIC * usual.quantity))
LIMIT $7::BIGINT OFFSET $8::BIGINT

SELECT (($1::NUMERIC * coalesce(sum((lineitem.l_extendedprice * (CAST($2::BIGINT AS NUMERIC) - lineitem.l_discount))) FILTER (WHERE part.p_type LIKE $3::VARCHAR), CAST($4::BIGINT AS NUMERIC))) / nullif(sum((lineitem.l_extendedprice * (CAST($5::BIGINT AS NUMERIC) - lineitem.l_discount))), 0)) AS promo_revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE (lineitem.l_shipdate >= $6::DATE) AND (lineitem.l_shipdate < $7::DATE)
LIMIT $8::BIGINT OFFSET $9::BIGINT

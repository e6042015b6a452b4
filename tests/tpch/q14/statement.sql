SELECT (($1::NUMERIC * coalesce(sum((lineitem.l_extendedprice * ($2::NUMERIC - lineitem.l_discount))) FILTER (WHERE part.p_type LIKE $3::VARCHAR), $4::NUMERIC)) / nullif(sum((lineitem.l_extendedprice * ($5::NUMERIC - lineitem.l_discount))), 0)) AS promo_revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE (lineitem.l_shipdate >= $6::DATE) AND (lineitem.l_shipdate < $7::DATE)
LIMIT $8::BIGINT OFFSET $9::BIGINT

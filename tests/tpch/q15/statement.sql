SELECT grouped.s_suppkey AS s_suppkey, grouped.s_name AS s_name, grouped.s_address AS s_address, grouped.s_phone AS s_phone, grouped.total_revenue AS total_revenue
FROM (SELECT supplier.s_suppkey AS s_suppkey, supplier.s_name AS s_name, supplier.s_address AS s_address, supplier.s_phone AS s_phone, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS total_revenue, max(sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount)))) OVER () AS highest
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.supplier AS supplier ON lineitem.l_suppkey = supplier.s_suppkey
WHERE (lineitem.l_shipdate >= $2::DATE) AND (lineitem.l_shipdate < $3::DATE)
GROUP BY supplier.s_suppkey, supplier.s_name, supplier.s_address, supplier.s_phone) AS grouped
WHERE grouped.total_revenue = grouped.highest
ORDER BY s_suppkey, s_name, s_address, s_phone
LIMIT $4::BIGINT OFFSET $5::BIGINT

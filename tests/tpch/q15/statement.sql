SELECT supplier.s_suppkey AS s_suppkey, supplier.s_name AS s_name, supplier.s_address AS s_address, supplier.s_phone AS s_phone, revenue.total_revenue AS total_revenue
FROM (SELECT lineitem.l_suppkey AS l_suppkey, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS total_revenue, max(sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount)))) OVER () AS highest
FROM public.lineitem AS lineitem
WHERE (lineitem.l_shipdate >= $2::DATE) AND (lineitem.l_shipdate < $3::DATE)
GROUP BY lineitem.l_suppkey) AS revenue
LEFT OUTER JOIN public.supplier AS supplier ON revenue.l_suppkey = supplier.s_suppkey
WHERE revenue.total_revenue = revenue.highest
ORDER BY supplier.s_suppkey, revenue.l_suppkey
LIMIT $4::BIGINT OFFSET $5::BIGINT

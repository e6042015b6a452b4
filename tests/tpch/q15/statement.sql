SELECT supplier.s_suppkey AS s_suppkey, supplier.s_name AS s_name, supplier.s_address AS s_address, supplier.s_phone AS s_phone, revenue.total_revenue AS total_revenue
FROM public.supplier AS supplier
JOIN (SELECT lineitem.l_suppkey AS l_suppkey, sum((lineitem.l_extendedprice * (CAST($1::BIGINT AS NUMERIC) - lineitem.l_discount))) AS total_revenue
FROM public.lineitem AS lineitem
WHERE (lineitem.l_shipdate >= $2::DATE) AND (lineitem.l_shipdate < $3::DATE)
GROUP BY lineitem.l_suppkey) AS revenue ON supplier.s_suppkey = revenue.l_suppkey
WHERE revenue.total_revenue = (SELECT max(query.total_revenue) AS max_total_revenue
FROM (SELECT lineitem_2.l_suppkey AS l_suppkey, sum((lineitem_2.l_extendedprice * (CAST($4::BIGINT AS NUMERIC) - lineitem_2.l_discount))) AS total_revenue
FROM public.lineitem AS lineitem_2
WHERE (lineitem_2.l_shipdate >= $5::DATE) AND (lineitem_2.l_shipdate < $6::DATE)
GROUP BY lineitem_2.l_suppkey) AS query)
ORDER BY supplier.s_suppkey
LIMIT $7::BIGINT OFFSET $8::BIGINT

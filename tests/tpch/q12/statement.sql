SELECT lineitem.l_shipmode AS l_shipmode, count(*) FILTER (WHERE orders.o_orderpriority = ANY ($1::TEXT[])) AS high_line_count, count(*) FILTER (WHERE NOT (orders.o_orderpriority = ANY ($2::TEXT[]))) AS low_line_count
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.orders AS orders ON lineitem.l_orderkey = orders.o_orderkey
WHERE lineitem.l_shipmode = ANY ($3::TEXT[]) AND (lineitem.l_commitdate < lineitem.l_receiptdate) AND (lineitem.l_shipdate < lineitem.l_commitdate) AND (lineitem.l_receiptdate >= $4::DATE) AND (lineitem.l_receiptdate < $5::DATE)
GROUP BY lineitem.l_shipmode
ORDER BY l_shipmode
LIMIT $6::BIGINT OFFSET $7::BIGINT

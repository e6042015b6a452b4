SELECT orders.o_orderpriority AS o_orderpriority, count(*) AS order_count
FROM public.orders AS orders
WHERE (orders.o_orderdate >= $1::DATE) AND (orders.o_orderdate < $2::DATE) AND (EXISTS (SELECT 1
FROM public.lineitem AS lineitem_2
WHERE (orders.o_orderkey = lineitem_2.l_orderkey) AND (lineitem_2.l_commitdate < lineitem_2.l_receiptdate)))
GROUP BY orders.o_orderpriority
ORDER BY o_orderpriority
LIMIT $3::BIGINT OFFSET $4::BIGINT

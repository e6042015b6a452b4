SELECT lineitem.l_returnflag AS l_returnflag, lineitem.l_linestatus AS l_linestatus, sum(lineitem.l_quantity) AS sum_qty, sum(lineitem.l_extendedprice) AS sum_base_price, sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS sum_disc_price, sum(((lineitem.l_extendedprice * ($2::NUMERIC - lineitem.l_discount)) * ($3::NUMERIC + lineitem.l_tax))) AS sum_charge, avg(lineitem.l_quantity) AS avg_qty, avg(lineitem.l_extendedprice) AS avg_price, avg(lineitem.l_discount) AS avg_disc, count(*) AS count_order
FROM public.lineitem AS lineitem
WHERE lineitem.l_shipdate <= $4::DATE
GROUP BY lineitem.l_returnflag, lineitem.l_linestatus
ORDER BY l_returnflag, l_linestatus
LIMIT $5::BIGINT OFFSET $6::BIGINT

SELECT sum((lineitem.l_extendedprice * lineitem.l_discount)) AS revenue
FROM public.lineitem AS lineitem
WHERE (lineitem.l_shipdate >= $1::DATE) AND (lineitem.l_shipdate < $2::DATE) AND (lineitem.l_discount >= $3::NUMERIC) AND (lineitem.l_discount <= $4::NUMERIC) AND (lineitem.l_quantity < $5::NUMERIC)
LIMIT $6::BIGINT OFFSET $7::BIGINT

SELECT sum((lineitem.l_extendedprice * ($1::NUMERIC - lineitem.l_discount))) AS revenue
FROM public.lineitem AS lineitem
LEFT OUTER JOIN public.part AS part ON lineitem.l_partkey = part.p_partkey
WHERE (lineitem.l_shipinstruct = $2::VARCHAR) AND lineitem.l_shipmode = ANY ($3::TEXT[]) AND ((part.p_brand = $4::VARCHAR) AND part.p_container = ANY ($5::TEXT[]) AND (lineitem.l_quantity >= $6::NUMERIC) AND (lineitem.l_quantity <= $7::NUMERIC) AND (part.p_size >= $8::BIGINT) AND (part.p_size <= $9::BIGINT) OR (part.p_brand = $10::VARCHAR) AND part.p_container = ANY ($11::TEXT[]) AND (lineitem.l_quantity >= $12::NUMERIC) AND (lineitem.l_quantity <= $13::NUMERIC) AND (part.p_size >= $14::BIGINT) AND (part.p_size <= $15::BIGINT) OR (part.p_brand = $16::VARCHAR) AND part.p_container = ANY ($17::TEXT[]) AND (lineitem.l_quantity >= $18::NUMERIC) AND (lineitem.l_quantity <= $19::NUMERIC) AND (part.p_size >= $20::BIGINT) AND (part.p_size <= $21::BIGINT))
LIMIT $22::BIGINT OFFSET $23::BIGINT

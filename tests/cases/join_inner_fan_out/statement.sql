SELECT grouped_3.segment AS segment, coalesce(max(grouped_3.customers), 0) AS customers, coalesce(max(grouped_3.places), 0) AS places, max(grouped_3.born_first) AS born_first
FROM (SELECT grouped.segment AS segment, count(*) AS customers, CAST(NULL AS BIGINT) AS places, min(grouped.value) AS born_first
FROM (SELECT DISTINCT customers.segment AS segment, customers.id AS key, customers.birthday AS value
FROM public.customers AS customers JOIN public.addresses AS nearby ON customers.country = nearby.country) AS grouped
GROUP BY grouped.segment
UNION ALL SELECT grouped_2.segment AS segment, CAST(NULL AS BIGINT) AS customers, count(*) AS places, CAST(NULL AS DATE) AS born_first
FROM (SELECT DISTINCT customers.segment AS segment, nearby.id AS key
FROM public.customers AS customers JOIN public.addresses AS nearby ON customers.country = nearby.country) AS grouped_2
GROUP BY grouped_2.segment) AS grouped_3
GROUP BY grouped_3.segment
ORDER BY segment
LIMIT $1::BIGINT OFFSET $2::BIGINT

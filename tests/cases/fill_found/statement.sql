WITH found AS 
(SELECT CAST(date_trunc('quarter', CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE)) AS DATE) AS due, count(*) AS count, max(orders.total) AS dearest
FROM public.orders AS orders
GROUP BY CAST(date_trunc('quarter', CAST(orders.due_on AS TIMESTAMP WITHOUT TIME ZONE)) AS DATE))
 SELECT grouped_2.due AS due, grouped_2.count AS count, grouped_2.dearest AS dearest
FROM (SELECT found.due AS due, found.count AS count, found.dearest AS dearest
FROM found
UNION ALL SELECT grouped.due AS due, CAST(0 AS BIGINT) AS count, CAST(NULL AS NUMERIC) AS dearest
FROM (SELECT buckets.due AS due
FROM (SELECT CAST(generate_series(CAST(min(found.due) FILTER (
WHERE isfinite(found.due)) AS TIMESTAMP WITHOUT TIME ZONE), CAST(max(found.due) FILTER (
WHERE isfinite(found.due)) AS TIMESTAMP WITHOUT TIME ZONE), INTERVAL '3 months') AS DATE) AS due
FROM found
LIMIT (SELECT CASE WHEN (CAST(max(found.due) FILTER (
WHERE isfinite(found.due)) AS TIMESTAMP WITHOUT TIME ZONE) >= CAST(min(found.due) FILTER (
WHERE isfinite(found.due)) AS TIMESTAMP WITHOUT TIME ZONE) + INTERVAL '30000 months') THEN -1 END AS refused
FROM found)) AS buckets EXCEPT SELECT found.due AS due
FROM found) AS grouped) AS grouped_2
ORDER BY due
LIMIT $1::BIGINT OFFSET $2::BIGINT

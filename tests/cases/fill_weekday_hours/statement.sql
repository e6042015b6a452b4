WITH found AS 
(SELECT CAST(EXTRACT(isodow
FROM timezone($1::VARCHAR, orders.ordered_at)) AS INTEGER) AS weekday, CAST(EXTRACT(hour
FROM timezone($1::VARCHAR, orders.ordered_at)) AS INTEGER) AS hour, count(*) AS count
FROM public.orders AS orders
GROUP BY CAST(EXTRACT(isodow
FROM timezone($1::VARCHAR, orders.ordered_at)) AS INTEGER), CAST(EXTRACT(hour
FROM timezone($1::VARCHAR, orders.ordered_at)) AS INTEGER)), 
grid AS 
(SELECT buckets.weekday AS weekday, buckets_2.hour AS hour
FROM (SELECT weekday AS weekday
FROM generate_series(1, 7) AS weekday) AS buckets JOIN (SELECT hour AS hour
FROM generate_series(0, 23) AS hour) AS buckets_2 ON true
WHERE (EXISTS (SELECT found.weekday AS weekday, found.hour AS hour, found.count AS count
FROM found)))
 SELECT grouped_2.weekday AS weekday, grouped_2.hour AS hour, grouped_2.count AS count
FROM (SELECT found.weekday AS weekday, found.hour AS hour, found.count AS count
FROM found
UNION ALL SELECT grouped.weekday AS weekday, grouped.hour AS hour, CAST(0 AS BIGINT) AS count
FROM ((SELECT grid.weekday AS weekday, grid.hour AS hour
FROM grid
LIMIT ALL OFFSET (SELECT CAST(-1 AS INTEGER) AS refused
FROM grid
LIMIT CAST(1 AS INTEGER) OFFSET CAST(1000000 AS INTEGER))) EXCEPT SELECT found.weekday AS weekday, found.hour AS hour
FROM found) AS grouped) AS grouped_2
WHERE grouped_2.weekday >= $2::BIGINT
ORDER BY weekday, hour
LIMIT $3::BIGINT OFFSET $4::BIGINT

-- Each hour of each day of a week: two dimensions are filled, and give every combination. Having sees the added ones.
SELECT weekday, hour, count(id)
FROM generate_series(1, 7) weekday CROSS JOIN generate_series(0, 23) hour
     LEFT JOIN (SELECT id, ordered_at AT TIME ZONE 'America/New_York' AS wall FROM orders) orders
     ON extract(isodow FROM wall) = weekday AND extract(hour FROM wall) = hour
WHERE weekday >= 6 GROUP BY 1, 2 ORDER BY 1, 2

-- How many rows of the source hold a key that leads nowhere; in the tables it is NULL.

SELECT 'flights.tailnum → planes' AS key, count(*) AS rows
FROM flights JOIN raw_flights AS raw ON raw.line = flights.id
WHERE raw.tailnum IS NOT NULL AND flights.tailnum IS NULL
UNION ALL
SELECT 'flights.dest → airports', count(*)
FROM flights WHERE dest IS NULL
UNION ALL
SELECT 'flights.weather_hour → weather', count(*)
FROM flights WHERE weather_hour IS NULL;

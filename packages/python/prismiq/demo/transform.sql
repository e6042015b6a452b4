-- From the raw files to the tables: better names, real times, and NULL for a key that leads nowhere.

INSERT INTO airlines SELECT carrier, name FROM raw_airlines;

INSERT INTO airports SELECT faa, name, lat, lon, alt, tz, dst, tzone FROM raw_airports;

INSERT INTO planes SELECT tailnum, year, type, manufacturer, model, engines, seats, speed, engine FROM raw_planes;

-- time_hour and not year, month, day, hour: those are ambiguous in the hour that autumn repeats.
INSERT INTO weather
SELECT origin, time_hour, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure, visib
FROM raw_weather;

-- Times of day are written 517 for 5:17; midnight is sometimes 2400.
INSERT INTO flights (
    id, flight_date, carrier, flight_number, tailnum, origin, dest, scheduled_departure, departure, departure_delay,
    scheduled_arrival_time, arrival_time, arrival_delay, air_time_minutes, distance_miles, weather_hour
)
SELECT
    raw.line,
    make_date(raw.year, raw.month, raw.day),
    raw.carrier,
    raw.flight,
    planes.tailnum,
    raw.origin,
    airports.code,
    scheduled.departure,
    scheduled.departure + make_interval(mins => raw.dep_delay),
    raw.dep_delay,
    make_time(raw.sched_arr_time / 100 % 24, raw.sched_arr_time % 100, 0),
    make_time(raw.arr_time / 100 % 24, raw.arr_time % 100, 0),
    raw.arr_delay,
    raw.air_time,
    raw.distance,
    weather.observed_at
FROM raw_flights AS raw
CROSS JOIN LATERAL (
    SELECT make_timestamptz(raw.year, raw.month, raw.day, raw.hour, raw.minute, 0, 'America/New_York') AS departure
) AS scheduled
LEFT JOIN planes ON planes.tailnum = raw.tailnum
LEFT JOIN airports ON airports.code = raw.dest
LEFT JOIN weather ON weather.origin = raw.origin AND weather.observed_at = raw.time_hour;

SELECT setval(pg_get_serial_sequence('flights', 'id'), (SELECT max(id) FROM flights));

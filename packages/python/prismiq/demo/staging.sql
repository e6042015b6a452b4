-- The files as they are, column by column, until transform.sql has made tables of them.

CREATE TEMP TABLE raw_airlines (carrier text, name text) ON COMMIT DROP;

CREATE TEMP TABLE raw_airports (
    faa text, name text, lat float8, lon float8, alt int, tz int, dst text, tzone text
) ON COMMIT DROP;

CREATE TEMP TABLE raw_planes (
    tailnum text, year int, type text, manufacturer text, model text, engines int, seats int, speed int, engine text
) ON COMMIT DROP;

CREATE TEMP TABLE raw_weather (
    origin text, year int, month int, day int, hour int, temp numeric, dewp numeric, humid numeric, wind_dir int,
    wind_speed float8, wind_gust float8, precip numeric, pressure numeric, visib numeric, time_hour timestamptz
) ON COMMIT DROP;

CREATE TEMP TABLE raw_flights (
    year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int, sched_arr_time int,
    arr_delay int, carrier text, flight int, tailnum text, origin text, dest text, air_time int, distance int, hour int,
    minute int, time_hour timestamptz,
    line bigint GENERATED ALWAYS AS IDENTITY
) ON COMMIT DROP;

-- Foreign keys, and the indexes that queries along them want.

CREATE INDEX flights_carrier_index ON flights (carrier);
CREATE INDEX flights_tailnum_index ON flights (tailnum);
CREATE INDEX flights_dest_index ON flights (dest);
CREATE INDEX flights_weather_index ON flights (origin, weather_hour);
CREATE INDEX flights_scheduled_departure_index ON flights (scheduled_departure);

ALTER TABLE flights
    ADD CONSTRAINT flights_carrier_fkey FOREIGN KEY (carrier) REFERENCES airlines,
    ADD CONSTRAINT flights_tailnum_fkey FOREIGN KEY (tailnum) REFERENCES planes,
    ADD CONSTRAINT flights_origin_fkey FOREIGN KEY (origin) REFERENCES airports,
    ADD CONSTRAINT flights_dest_fkey FOREIGN KEY (dest) REFERENCES airports,
    ADD CONSTRAINT flights_weather_fkey FOREIGN KEY (origin, weather_hour) REFERENCES weather;

ALTER TABLE weather ADD CONSTRAINT weather_origin_fkey FOREIGN KEY (origin) REFERENCES airports;

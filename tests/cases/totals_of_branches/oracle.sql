-- Of no rows there is one total: counts are 0, the rest null.
SELECT NULL::text, NULL::date, 2, 0, NULL::numeric

-- Half past midnight in Berlin is still the year before in UTC: each query reads its dates by its own clock.
SELECT week, count(*) AS orders
FROM (
    SELECT (date_trunc('week', ordered_at AT TIME ZONE 'Europe/Berlin' + interval '1 day') - interval '1 day')::date AS week
    FROM orders WHERE (ordered_at AT TIME ZONE 'Europe/Berlin')::date <> '2026-01-01'
) by_week
GROUP BY week
HAVING count(*) <= (SELECT count(*) FROM orders WHERE (ordered_at AT TIME ZONE 'UTC')::date = '2025-12-31')
ORDER BY week;

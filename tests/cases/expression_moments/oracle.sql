-- By the clock of the query's time zone: a month after 01:30 is 01:30, whatever the clock did in between.
SELECT id, due_on - date '2025-01-01', (ordered_at AT TIME ZONE 'Europe/Berlin' + interval '1 month') AT TIME ZONE 'Europe/Berlin',
       date_trunc('month', ordered_at AT TIME ZONE 'Europe/Berlin')::date, paid_at - ordered_at AT TIME ZONE 'Europe/Berlin'
FROM orders ORDER BY id

-- Three days beside the three before them. A day on which one period has no order has a revenue of 0 there.
WITH eu AS (SELECT total, ordered_at AT TIME ZONE 'Europe/Berlin' AS wall FROM orders WHERE region = 'EU')
SELECT day::date, sum_now, sum_before, sum_now - sum_before, (sum_now - sum_before) / nullif(sum_before, 0),
       sum(sum_now) OVER (ORDER BY day)
FROM (SELECT day, (SELECT coalesce(sum(total), 0) FROM eu WHERE date_trunc('day', wall) = day) AS sum_now,
             (SELECT coalesce(sum(total), 0) FROM eu WHERE date_trunc('day', wall) = day - interval '3 days') AS sum_before
      FROM generate_series(timestamp '2025-12-31', '2026-01-02', '1 day') day) days
ORDER BY 1

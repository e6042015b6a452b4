-- A moment of the year before is moved by a year on the clock, and then falls in a week. Hidden measures are compared
-- too; a date has no change, and `having` may still ask for it.
SELECT week::date, count(*) FILTER (WHERE is_now), count(*) FILTER (WHERE NOT is_now),
       count(*) FILTER (WHERE is_now)::numeric - count(*) FILTER (WHERE NOT is_now),
       (count(*) FILTER (WHERE is_now)::numeric - count(*) FILTER (WHERE NOT is_now))
           / nullif(count(*) FILTER (WHERE NOT is_now), 0),
       count(*) FILTER (WHERE is_now) > count(*) FILTER (WHERE NOT is_now)
FROM (SELECT date_trunc('week', wall + interval '1 year') AS week, false AS is_now, due_on
      FROM (SELECT ordered_at AT TIME ZONE 'Europe/Berlin' AS wall, due_on FROM orders) earlier
      WHERE wall >= '2025-01-01' AND wall < '2026-01-01'
      UNION ALL
      SELECT date_trunc('week', wall), true, due_on
      FROM (SELECT ordered_at AT TIME ZONE 'Europe/Berlin' AS wall, due_on FROM orders) later
      WHERE wall >= '2026-01-01' AND wall < '2027-01-01') both_years
GROUP BY week HAVING max(due_on) FILTER (WHERE NOT is_now) IS NOT NULL
ORDER BY 4 DESC, 1

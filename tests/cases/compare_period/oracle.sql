-- The first month of one period beside the first of the other. A group that one side lacks counts 0 there.
WITH months(now, before) AS (VALUES (date '2025-12-01', date '2025-06-01'), ('2026-01-01', '2025-07-01')),
     now AS (SELECT months.now AS month, region, count(*) AS n, max(total) AS dearest
             FROM orders JOIN months ON date_trunc('month', ordered_at AT TIME ZONE 'UTC') = now GROUP BY 1, 2),
     before AS (SELECT months.now AS month, region, count(*) AS n, max(total) AS dearest
                FROM orders JOIN months ON date_trunc('month', ordered_at AT TIME ZONE 'UTC') = before GROUP BY 1, 2)
SELECT month, region, coalesce(now.n, 0), coalesce(before.n, 0), coalesce(now.n, 0) - coalesce(before.n, 0),
       (coalesce(now.n, 0) - before.n)::numeric / before.n,
       now.dearest, before.dearest, now.dearest - before.dearest, (now.dearest - before.dearest) / before.dearest
FROM now FULL JOIN before USING (month, region) ORDER BY 1, 2

-- No period is asked for: from the first quarter to the last that was found. Orders that are not due stay.
(SELECT quarter::date AS due, count(id), max(total)
 FROM generate_series(timestamp '2025-04-01', '2026-01-01', '3 months') quarter
      LEFT JOIN orders ON date_trunc('quarter', due_on::timestamp) = quarter
 GROUP BY 1)
UNION ALL
SELECT NULL, count(*), max(total) FROM orders WHERE due_on IS NULL
ORDER BY due NULLS LAST

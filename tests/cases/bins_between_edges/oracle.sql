-- A bin holds its lower bound and not its upper one. What is below them all goes by minus infinity.
SELECT
  CASE WHEN total < 0.01 THEN '-Infinity' WHEN total < 20 THEN 0.01 WHEN total < 50.1 THEN 20
       WHEN total < 1000 THEN 50.1 WHEN total >= 1000 THEN 1000::numeric END AS bin,
  CASE WHEN discount < 0 THEN '-Infinity' WHEN discount < 1 THEN 0 WHEN discount < 2 THEN 1
       WHEN discount < 3 THEN 2 WHEN discount >= 3 THEN 3::numeric END AS tenth,
  count(*)
FROM orders WHERE total IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2

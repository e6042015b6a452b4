-- Windows see all groups; having and order come after, and the hidden measure is still there for them.
SELECT region, status, count, revenue / count, round(revenue / total, 4), ranked, CASE WHEN ranked <= 2 THEN 'top' ELSE 'rest' END
FROM (
    SELECT *, sum(revenue) OVER (PARTITION BY region) AS total, rank() OVER (ORDER BY revenue DESC NULLS LAST) AS ranked
    FROM (SELECT region, status, count(*), sum(total) AS revenue FROM orders GROUP BY region, status) groups
) calculated
WHERE ranked <= 4 ORDER BY revenue DESC NULLS LAST, region, status

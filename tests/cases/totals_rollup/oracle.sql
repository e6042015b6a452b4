-- Having takes groups away and no totals; each level is ranked by itself.
SELECT region, segment, level, count, buyers, basket, ranked FROM (
    SELECT o.region, segment, GROUPING(o.region) + GROUPING(segment) AS level, count(*), count(DISTINCT customer_id) AS buyers,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS basket,
        rank() OVER (PARTITION BY GROUPING(o.region) + GROUPING(segment) ORDER BY count(*) DESC) AS ranked
    FROM orders o LEFT JOIN customers c ON c.id = customer_id GROUP BY ROLLUP (o.region, segment)
) levels WHERE level > 0 OR count >= 2 ORDER BY level, count DESC, region, segment

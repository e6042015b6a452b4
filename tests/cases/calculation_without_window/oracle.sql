SELECT region, count(*), sum(items)::bigint, sum(items) / count(*)
FROM (SELECT region, (SELECT count(*) FROM order_items i WHERE i.order_id = o.id) AS items FROM orders o) each
GROUP BY region HAVING sum(items) / count(*) > 0.5 ORDER BY region

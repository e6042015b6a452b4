SELECT o.id,
  (SELECT count(*) FROM orders x LEFT JOIN customers y ON y.id = x.customer_id
   WHERE x.total > 10 AND y.name IS NOT DISTINCT FROM c.name AND (x.total > o.total OR (x.total = o.total AND x.id <= o.id))),
  o.total / (SELECT sum(x.total) FROM orders x LEFT JOIN customers y ON y.id = x.customer_id
   WHERE x.total > 10 AND y.name IS NOT DISTINCT FROM c.name)
FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE o.total > 10 ORDER BY 2, 1 DESC LIMIT 5

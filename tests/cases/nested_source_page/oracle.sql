SELECT status, count(*), sum(total)
FROM (SELECT id, total, status FROM orders WHERE total IS NOT NULL ORDER BY total DESC, id LIMIT 4 OFFSET 1) largest
GROUP BY status ORDER BY status;

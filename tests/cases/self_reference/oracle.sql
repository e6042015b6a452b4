SELECT m.name, count(*), avg(e.salary), sum((SELECT count(*) FROM employees r WHERE r.manager_id = e.id))::bigint
FROM employees e LEFT JOIN employees m ON m.id = e.manager_id GROUP BY 1 ORDER BY 1 NULLS LAST

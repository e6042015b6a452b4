SELECT grouped.manager_name AS manager_name, coalesce(max(grouped.count), 0) AS count, max(grouped.avg_salary) AS avg_salary, coalesce(max(grouped.count_employees_via_manager_id_id), 0) AS count_employees_via_manager_id_id
FROM (SELECT manager.name AS manager_name, count(*) AS count, avg(employees.salary) AS avg_salary, CAST(NULL AS BIGINT) AS count_employees_via_manager_id_id
FROM public.employees AS employees
LEFT OUTER JOIN public.employees AS manager ON employees.manager_id = manager.id
GROUP BY manager.name
UNION ALL SELECT manager.name AS manager_name, CAST(NULL AS BIGINT) AS count, CAST(NULL AS NUMERIC) AS avg_salary, count(employees_via_manager_id.id) AS count_employees_via_manager_id_id
FROM public.employees AS employees
LEFT OUTER JOIN public.employees AS manager ON employees.manager_id = manager.id
LEFT OUTER JOIN public.employees AS employees_via_manager_id ON employees.id = employees_via_manager_id.manager_id
WHERE employees_via_manager_id.manager_id IS NOT NULL
GROUP BY manager.name) AS grouped
GROUP BY grouped.manager_name
ORDER BY manager_name
LIMIT $1::BIGINT OFFSET $2::BIGINT

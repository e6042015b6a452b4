SELECT name FROM customers WHERE strpos(name, '100%_') > 0 ORDER BY id

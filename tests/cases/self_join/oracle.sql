SELECT c.name, p.name FROM customers c JOIN customers p ON p.region = c.region WHERE c.id < p.id ORDER BY c.id, p.id;

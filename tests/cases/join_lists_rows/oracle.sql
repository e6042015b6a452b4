-- An explicit join lists every pair, whether or not what it joins has a key: both equal clicks are there.
SELECT p.name, e.kind, c.name
FROM plans p LEFT JOIN events e ON e.customer_id = p.id LEFT JOIN customers c ON c.id = e.customer_id
ORDER BY p.id, e.at;

-- Customers without an address in their country are left out; those with several count once.
SELECT c.segment, count(DISTINCT c.id), count(DISTINCT a.id), min(c.birthday)
FROM customers c JOIN addresses a ON a.country = c.country
GROUP BY c.segment ORDER BY c.segment;

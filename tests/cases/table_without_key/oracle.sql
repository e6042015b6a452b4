-- Two equal rows of a table without a key are two rows: nothing multiplies them, so no key is needed.
SELECT c.name, count(*) FROM events e LEFT JOIN customers c ON c.id = e.customer_id GROUP BY 1 ORDER BY 1 NULLS LAST

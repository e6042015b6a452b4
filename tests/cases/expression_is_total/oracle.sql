-- What PostgreSQL would raise an error for is NULL: text that is no number, a division by zero, a number too large.
SELECT id, NULL::numeric, 1 / nullif(id - 1, 0)::numeric, CASE WHEN id * 9000000000 < 2147483648 THEN (id * 9000000000)::integer END
FROM customers ORDER BY id

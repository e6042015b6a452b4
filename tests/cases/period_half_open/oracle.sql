-- From the first instant of October to the last of December, as Berlin's clock has them.
SELECT id FROM orders
WHERE ordered_at >= '2025-10-01 00:00 Europe/Berlin' AND ordered_at < '2026-01-01 00:00 Europe/Berlin' AND NOT due_on < '2025-12-01'
ORDER BY id

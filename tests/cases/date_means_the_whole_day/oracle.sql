-- The last day is kept whole, and it is Berlin's: order 5, half past midnight there, is of 2026.
SELECT id FROM orders
WHERE (ordered_at AT TIME ZONE 'Europe/Berlin')::date BETWEEN '2025-10-26' AND '2025-12-31' ORDER BY id

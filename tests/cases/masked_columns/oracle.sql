-- Customers are joined and counted by what is stored, and grouped and filtered by what is shown. Ids of one digit show none.
WITH shown AS (
    SELECT id, '***' AS segment,
        CASE WHEN phone IS NULL THEN NULL WHEN length(phone) > 4 THEN '***' || right(phone, 4) ELSE '***' END AS phone,
        CASE WHEN length(id::text) > 1 THEN '***' || right(id::text, 1) ELSE '***' END AS shown_id
    FROM customers WHERE tenant_id = 'acme'
)
SELECT c.phone, c.segment, count(*), count(DISTINCT c.id)
FROM (SELECT * FROM orders WHERE tenant_id = 'acme') o LEFT JOIN shown c ON c.id = o.customer_id
WHERE c.shown_id = '***'
GROUP BY c.phone, c.segment ORDER BY count(*) DESC, c.phone NULLS LAST, c.segment

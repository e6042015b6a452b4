-- Orders and customers are ordered each among themselves; a null total that comes last is the last total. Nulls of what
-- is ordered by come behind, for the last row too.
SELECT g.segment,
       (SELECT o.status FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
        WHERE c.segment IS NOT DISTINCT FROM g.segment ORDER BY o.ordered_at, o.id LIMIT 1),
       (SELECT o.total FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
        WHERE c.segment IS NOT DISTINCT FROM g.segment
        ORDER BY o.due_on DESC NULLS LAST, o.total NULLS LAST, o.id DESC LIMIT 1),
       (SELECT o.region FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
        WHERE c.segment IS NOT DISTINCT FROM g.segment AND o.status = 'paid'
        ORDER BY o.total DESC NULLS LAST, o.id LIMIT 1),
       (SELECT c.name FROM customers c
        WHERE c.segment IS NOT DISTINCT FROM g.segment AND EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id)
        ORDER BY c.birthday NULLS LAST, c.id LIMIT 1),
       (SELECT sum(i.quantity) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
        JOIN order_items i ON i.order_id = o.id WHERE c.segment IS NOT DISTINCT FROM g.segment)
FROM (SELECT DISTINCT c.segment FROM orders o LEFT JOIN customers c ON c.id = o.customer_id) g
ORDER BY g.segment NULLS LAST

-- Two to-many paths would multiply each other: each is reduced to its distinct values before they meet.
SELECT category, reason, count(*)
FROM (
    SELECT DISTINCT p.category, r.reason, o.id
    FROM orders o LEFT JOIN order_items i ON i.order_id = o.id LEFT JOIN products p ON p.id = i.product_id
                  LEFT JOIN refunds r ON r.order_id = o.id
) each_once
GROUP BY category, reason ORDER BY category NULLS LAST, reason NULLS LAST

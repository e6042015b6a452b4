-- An order, a refund and an event without a customer meet under null.
SELECT name, coalesce(sum(buyers), 0), sum(refunded), coalesce(sum(events), 0)
FROM (
    SELECT c.name, count(DISTINCT o.customer_id) AS buyers, NULL::numeric AS refunded, NULL::bigint AS events
    FROM orders o LEFT JOIN customers c ON c.id = o.customer_id GROUP BY c.name
    UNION ALL
    SELECT c.name, NULL, sum(r.amount), NULL
    FROM refunds r LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN customers c ON c.id = o.customer_id GROUP BY c.name
    UNION ALL
    SELECT c.name, NULL, NULL, count(*) FROM events e LEFT JOIN customers c ON c.id = e.customer_id GROUP BY c.name
) each_table
GROUP BY name ORDER BY name;

-- An order with several items of a category names its region once there; a customer its segment. Nulls are left out.
WITH joined AS (
    SELECT p.category, o.id AS order_id, o.region, o.total, c.id AS customer_id, c.segment, i.order_id AS item
    FROM orders o
    LEFT JOIN customers c ON c.id = o.customer_id
    LEFT JOIN order_items i ON i.order_id = o.id
    LEFT JOIN products p ON p.id = i.product_id
)
SELECT g.category,
       (SELECT string_agg(d.region, ', ' ORDER BY d.region) FROM
            (SELECT DISTINCT order_id, region FROM joined j WHERE j.category IS NOT DISTINCT FROM g.category) d),
       (SELECT string_agg(d.segment, ', ' ORDER BY d.segment) FROM
            (SELECT DISTINCT customer_id, segment FROM joined j WHERE j.category IS NOT DISTINCT FROM g.category) d),
       (SELECT string_agg(d.region, ', ' ORDER BY d.region) FROM
            (SELECT DISTINCT order_id, region FROM joined j
             WHERE j.category IS NOT DISTINCT FROM g.category AND total > 100) d),
       (SELECT count(j.item) FROM joined j WHERE j.category IS NOT DISTINCT FROM g.category)
FROM (SELECT DISTINCT category FROM joined) g
ORDER BY g.category NULLS LAST

-- Each order once in a category, whatever the number of its items there. A null total is kept, and comes last; where
-- there is no item there is no array.
WITH joined AS (
    SELECT p.category, o.id AS order_id, o.region, o.total, o.status, o.ordered_at, i.id AS item, i.quantity
    FROM orders o
    LEFT JOIN order_items i ON i.order_id = o.id
    LEFT JOIN products p ON p.id = i.product_id
), placed AS (
    SELECT DISTINCT category, order_id, region, total, status, ordered_at FROM joined
)
SELECT g.category,
       (SELECT array_agg(d.total ORDER BY d.total, d.order_id) FROM placed d WHERE d.category IS NOT DISTINCT FROM g.category),
       (SELECT array_agg(d.status::text ORDER BY d.ordered_at DESC, d.order_id) FROM placed d
        WHERE d.category IS NOT DISTINCT FROM g.category),
       (SELECT array_agg(d.quantity ORDER BY d.quantity) FROM joined d
        WHERE d.category IS NOT DISTINCT FROM g.category AND d.item IS NOT NULL),
       (SELECT string_agg(d.region, '; ' ORDER BY d.region DESC, d.ordered_at, d.order_id) FROM placed d
        WHERE d.category IS NOT DISTINCT FROM g.category)
FROM (SELECT DISTINCT category FROM joined) g
ORDER BY g.category NULLS LAST

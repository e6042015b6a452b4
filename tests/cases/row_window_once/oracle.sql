WITH kept AS (
  SELECT * FROM orders o
  WHERE o.status = 'paid' OR EXISTS (
    SELECT FROM order_items i JOIN refunds r ON r.order_id = i.order_id WHERE i.order_id = o.id AND i.quantity > r.amount
  )
)
SELECT id, status, (SELECT sum(total) FROM kept x WHERE x.id <= k.id), (SELECT count(*) FROM kept)
FROM kept k ORDER BY 3 DESC NULLS LAST, id

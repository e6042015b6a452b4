-- An order with two items of one bin is one order there: its bin is known before the items are counted.
SELECT total_bin, line, count(*), sum(total) FROM (
  SELECT DISTINCT orders.id, orders.total,
    0.01 + 50 * floor((total - 0.01) / 50) AS total_bin, 2 * floor(quantity / 2.0) AS line
  FROM orders LEFT JOIN order_items ON order_items.order_id = orders.id
) AS found
GROUP BY 1, 2 ORDER BY 1, 2

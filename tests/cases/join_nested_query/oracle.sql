SELECT count(*)
FROM order_items i
WHERE i.quantity > 1.2 * (SELECT avg(quantity) FROM order_items same WHERE same.product_id = i.product_id);

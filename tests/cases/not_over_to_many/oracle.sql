-- `not` means that some item is not; of an order without items nothing is known.
SELECT id FROM orders o WHERE EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND NOT i.quantity > 3) ORDER BY id

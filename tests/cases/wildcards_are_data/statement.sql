SELECT customers.name AS name
FROM public.customers AS customers
WHERE customers.name LIKE $1::VARCHAR
ORDER BY customers.id
LIMIT $2::BIGINT OFFSET $3::BIGINT

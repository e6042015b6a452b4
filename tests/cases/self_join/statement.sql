SELECT customers.name AS name, peer.name AS peer_name
FROM public.customers AS customers
LEFT OUTER JOIN public.customers AS peer ON customers.region = peer.region
WHERE customers.id < peer.id
ORDER BY customers.id, peer.id
LIMIT $1::BIGINT OFFSET $2::BIGINT

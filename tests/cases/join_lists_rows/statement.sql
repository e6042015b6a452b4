SELECT plans.name AS name, events.kind AS events_kind, events_customer.name AS events_customer_name
FROM public.plans AS plans
LEFT OUTER JOIN public.events AS events ON plans.id = events.customer_id
LEFT OUTER JOIN public.customers AS events_customer ON events.customer_id = events_customer.id
ORDER BY plans.id, events.at, plans.name, events.kind, events_customer.name
LIMIT $1::BIGINT OFFSET $2::BIGINT

SELECT id, upper(attributes ->> 'color'), (attributes ->> 'sheets')::bigint + 1, cardinality(tags), name || ' (' || coalesce(category, '-') || ')'
FROM products ORDER BY id

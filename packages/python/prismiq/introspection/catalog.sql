-- Everything the connected role may read, as one JSON document in one row: {default_schema, hll_schema, types, tables}.
-- catalog.py, which turns it into models, resolves the numbers and decides what a key proves.
--
-- $1  text[]: the schemas to read, or NULL for every schema that is not PostgreSQL's own or Prismiq's.
--
-- It reads catalogs only, and locks no table, so a migration that holds one never holds this up. Hence sizes are
-- those of the last VACUUM or ANALYZE, and defaults are printed without opening their table. What belongs to a
-- table is looked up by the catalogs' own indexes, so that the plan does not depend on their statistics, and the
-- recursions are narrow, so that no server estimates it dear enough to compile it (jit). Wants PostgreSQL 14.
WITH RECURSIVE

schemas AS (
    SELECT n.oid, n.nspname AS name
    FROM pg_catalog.pg_namespace n
    -- `prismiq` holds everybody's dashboards: they are had through the store alone, which knows whose they are.
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'prismiq')
      AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
      AND has_schema_privilege(n.oid, 'USAGE')
),

-- Tables, partitioned tables (which stand for their partitions), views, materialized views, foreign tables.
relations AS MATERIALIZED (
    SELECT c.oid, s.name AS schema_name, c.relname AS name, c.relkind AS kind,
           has_table_privilege(c.oid, 'SELECT') AS whole,
           EXISTS (
               SELECT FROM pg_catalog.pg_inherits i
               JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
               WHERE i.inhparent = c.oid AND NOT child.relispartition
           ) AS has_children
    FROM schemas s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND has_any_column_privilege(c.oid, 'SELECT')
),

used_types AS MATERIALIZED (
    SELECT DISTINCT a.atttypid AS type, a.atttypmod AS modifier
    FROM relations r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped
),

-- Each domain with the types below it, one level a row; the last one is its base.
domain_levels (domain, type, modifier, not_null) AS (
    SELECT t.oid, t.typbasetype, t.typtypmod, t.typnotnull
    FROM pg_catalog.pg_type t
    WHERE t.typtype = 'd'
  UNION ALL
    SELECT level.domain, t.typbasetype, t.typtypmod, level.not_null OR t.typnotnull
    FROM domain_levels level
    JOIN pg_catalog.pg_type t ON t.oid = level.type AND t.typtype = 'd'
),
domains AS MATERIALIZED (
    SELECT level.domain, level.type AS base, level.modifier, level.not_null
    FROM domain_levels level
    JOIN pg_catalog.pg_type t ON t.oid = level.type AND t.typtype <> 'd'
),

-- Each true array type (not int2vector and its like) with its element's base type.
arrays AS MATERIALIZED (
    SELECT item.typarray AS oid, coalesce(d.base, item.oid) AS element
    FROM pg_catalog.pg_type item
    LEFT JOIN domains d ON d.domain = item.oid
    WHERE item.typarray <> 0
),

btree_classes AS MATERIALIZED (
    SELECT o.oid, o.opcintype AS type
    FROM pg_catalog.pg_opclass o
    JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod AND am.amname = 'btree'
    WHERE o.opcdefault
),
-- Types with an order: their own, one by a binary cast (varchar has text's), enums and ranges. An array has
-- its element's, a composite type has one if each attribute has.
ordered_types AS MATERIALIZED (
    SELECT o.type FROM btree_classes o
  UNION
    SELECT k.castsource
    FROM pg_catalog.pg_cast k
    JOIN btree_classes o ON o.type = k.casttarget
    WHERE k.castmethod = 'b' AND k.castcontext = 'i'
  UNION
    SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typtype IN ('e', 'r', 'm')
),

-- What a column's type is, once per type and modifier in use. A domain is described by its base.
types AS (
    SELECT used.type, used.modifier, json_build_object(
               'database_type', format_type(base.oid, coalesce(d.modifier, used.modifier)),
               'type_schema', base_schema.nspname,
               'type_name', base.typname,
               'kind', base.typtype,
               'category', base.typcategory,
               'modifier', coalesce(d.modifier, used.modifier),
               'domain', CASE WHEN d.domain IS NOT NULL THEN t.typname END,
               'not_null', coalesce(d.not_null, false),
               'comparable', CASE WHEN coalesce(element.typtype, base.typtype) = 'c' THEN NOT EXISTS (
                   SELECT
                   FROM pg_catalog.pg_attribute a
                   LEFT JOIN domains part ON part.domain = a.atttypid
                   LEFT JOIN arrays ON arrays.oid = coalesce(part.base, a.atttypid)
                   WHERE a.attrelid = coalesce(element.typrelid, base.typrelid)
                     AND a.attnum > 0 AND NOT a.attisdropped
                     AND coalesce(arrays.element, part.base, a.atttypid)
                         NOT IN (SELECT o.type FROM ordered_types o)
               ) ELSE coalesce(element.oid, base.oid) IN (SELECT o.type FROM ordered_types o) END,
               'element', CASE WHEN element.oid IS NOT NULL THEN json_build_object(
                   'type_schema', element_schema.nspname,
                   'type_name', element.typname,
                   'kind', element.typtype,
                   'category', element.typcategory
               ) END,
               'enum_values', CASE WHEN base.typtype = 'e' THEN (
                   SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                   FROM pg_catalog.pg_enum e
                   WHERE e.enumtypid = base.oid
               ) END
           ) AS facts
    FROM used_types used
    JOIN pg_catalog.pg_type t ON t.oid = used.type
    LEFT JOIN domains d ON d.domain = t.oid
    JOIN pg_catalog.pg_type base ON base.oid = coalesce(d.base, t.oid)
    JOIN pg_catalog.pg_namespace base_schema ON base_schema.oid = base.typnamespace
    LEFT JOIN arrays ON arrays.oid = base.oid
    LEFT JOIN pg_catalog.pg_type element ON element.oid = arrays.element
    LEFT JOIN pg_catalog.pg_namespace element_schema ON element_schema.oid = element.typnamespace
),

-- A table and all whose rows it shows: its partitions, its inheritance children.
members (root, oid) AS (
    SELECT r.oid, r.oid FROM relations r
  UNION
    SELECT m.root, i.inhrelid
    FROM members m
    JOIN pg_catalog.pg_inherits i ON i.inhparent = m.oid
),
estimates AS (
    SELECT m.root, sum(c.reltuples::bigint) AS rows, sum(c.relpages + (
               SELECT coalesce(sum(part.relpages), 0)
               FROM (
                   SELECT c.reltoastrelid AS oid
                 UNION ALL
                   SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid
               ) own
               JOIN pg_catalog.pg_class part ON part.oid = own.oid
           )) AS pages
    FROM members m
    JOIN pg_catalog.pg_class c ON c.oid = m.oid
    WHERE c.relkind IN ('r', 'm', 'f') AND c.reltuples >= 0
    GROUP BY m.root
),

tables AS (
    SELECT r.oid, json_build_object(
        'oid', r.oid,
        'schema', r.schema_name,
        'name', r.name,
        'kind', r.kind,
        'has_children', r.has_children,
        'comment', (
            SELECT remark.description FROM pg_catalog.pg_description remark
            WHERE remark.classoid = 'pg_catalog.pg_class'::regclass
              AND remark.objoid = r.oid AND remark.objsubid = 0
        ),
        'columns', (
            SELECT json_agg(json_build_object(
                'number', a.attnum,
                'name', a.attname,
                'type', a.atttypid || ':' || a.atttypmod,
                'collation', (
                    SELECT c.collname FROM pg_catalog.pg_collation c
                    WHERE c.oid = a.attcollation AND NOT c.collisdeterministic
                ),
                'not_null', a.attnotnull,
                'generated', a.attgenerated <> '',
                'identity', a.attidentity <> '',
                'default', CASE WHEN a.atthasdef AND a.attgenerated = '' THEN (
                    SELECT pg_get_expr(d.adbin, 0) FROM pg_catalog.pg_attrdef d
                    WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                ) END,
                'comment', (
                    SELECT remark.description FROM pg_catalog.pg_description remark
                    WHERE remark.classoid = 'pg_catalog.pg_class'::regclass
                      AND remark.objoid = a.attrelid AND remark.objsubid = a.attnum
                )
            ) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND (r.whole OR has_column_privilege(r.oid, a.attnum, 'SELECT'))
        ),
        -- NOT NULL ... NOT VALID (PostgreSQL 18): attnotnull is set while old rows may still hold nulls.
        'unproven_not_null', (
            SELECT json_agg(con.conkey[1]) FROM pg_catalog.pg_constraint con
            WHERE con.conrelid = r.oid AND con.contype = 'n' AND NOT con.convalidated
        ),
        -- Primary keys, unique constraints and unique indexes: complete (no predicate, no expression), valid,
        -- checked at once, and by the columns' own equality: the type's operator class, and for a column of a
        -- nondeterministic collation that collation. A primary key always has them.
        'keys', (
            SELECT json_agg(json_build_object(
                'primary', i.indisprimary,
                'columns', (i.indkey::int2[])[0:i.indnkeyatts - 1]
            ))
            FROM pg_catalog.pg_index i
            WHERE i.indrelid = r.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
              AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT i.indisexclusion
              AND (i.indisprimary OR NOT EXISTS (
                  SELECT
                  FROM unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[])
                       WITH ORDINALITY AS part (number, class, sorting, position)
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = part.number
                  LEFT JOIN domains d ON d.domain = a.atttypid
                  LEFT JOIN btree_classes used ON used.oid = part.class
                  LEFT JOIN btree_classes own ON own.type = coalesce(d.base, a.atttypid)
                  WHERE part.position <= i.indnkeyatts AND (
                      used.oid IS NULL OR own.oid <> used.oid
                      OR part.sorting <> a.attcollation AND a.attcollation IN (
                          SELECT k.oid FROM pg_catalog.pg_collation k WHERE NOT k.collisdeterministic
                      )
                  )
              ))
        ),
        -- Not the clones PostgreSQL keeps per partition (they have a parent), and not temporal ones (PERIOD):
        -- their target is an exclusion constraint, and they are no equality.
        'foreign_keys', (
            SELECT json_agg(json_build_object(
                'constraint', con.conname,
                'columns', con.conkey,
                'target', con.confrelid,
                'target_columns', con.confkey
            ))
            FROM pg_catalog.pg_constraint con
            JOIN pg_catalog.pg_index i ON i.indexrelid = con.conindid AND NOT i.indisexclusion
            WHERE con.conrelid = r.oid AND con.contype = 'f' AND con.conparentid = 0
        )
    ) AS facts
    FROM relations r
)

SELECT json_build_object(
    'default_schema', coalesce(current_schema(), 'public'),
    'hll_schema', (
        SELECT n.nspname
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'hll' AND has_schema_privilege(n.oid, 'USAGE')
    ),
    'types', (SELECT json_object_agg(types.type || ':' || types.modifier, types.facts) FROM types),
    'estimates', (
        SELECT json_object_agg(
            e.root, json_build_array(e.rows, e.pages * current_setting('block_size')::bigint)
        )
        FROM estimates e
    ),
    'tables', (SELECT json_agg(tables.facts) FROM tables)
)::text

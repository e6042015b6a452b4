"""A small shop, built by hand, and what tests without a database ask of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prismiq.access import AccessPolicy, RequestContext, ScopedSchema, scope
from prismiq.errors import Issue, QueryError
from prismiq.plan import plan
from prismiq.plan.nodes import QueryPlan
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema import apply
from prismiq.schema.models import ColumnSchema, DatabaseSchema, ForeignKey, TableRef, TableSchema
from prismiq.schema.types import DataType
from prismiq.sql import Template, build

Definition = dict[str, Any]
_COLUMN = re.compile(r"(\S+) (\w+)(?:\((.*)\))?(\[\])?(\?)?")
_NAMES = {DataType.SMALLINT: "int2", DataType.INTEGER: "int4", DataType.BIGINT: "int8"}


def column(text: str, **more: object) -> ColumnSchema:
    """`total numeric`, `note text?` where it may be null, `tags text[]`, `status enum(draft,paid)`."""
    match = _COLUMN.fullmatch(text)
    assert match is not None, text
    name, kind, labels, array, nullable = match.groups()
    type_ = DataType(kind)
    facts: dict[str, object] = {
        "name": name,
        "type": DataType.ARRAY if array else type_,
        "database_type": kind,
        "type_name": "mood" if labels else _NAMES.get(type_, kind),
        "type_schema": "public" if labels else "pg_catalog",
        "element_type": type_ if array else None,
        "enum_values": tuple(labels.split(",")) if labels else None,
        "comparable": type_ not in (DataType.JSON, DataType.OTHER),
        "nullable": bool(nullable),
    }
    return ColumnSchema.model_validate(facts | more)


def table(
    name: str,
    *columns: str | ColumnSchema,
    key: tuple[str, ...] | None = ("id",),
    links: dict[str, str] | None = None,
    **more: object,
) -> TableSchema:
    """A table; `links` are its foreign keys: `{"customer_id": "customers"}`, to the target's `id`."""
    schema, _, bare = name.rpartition(".")
    keys = [
        ForeignKey(
            constraint=f"{bare}_{own.replace(' ', '_')}_fkey",
            columns=tuple(own.split()),
            target=_ref(target),
            target_columns=("id",) if len(own.split()) == 1 else tuple(own.split()),
        )
        for own, target in (links or {}).items()
    ]
    facts: dict[str, object] = {
        "schema_name": schema or "public",
        "name": bare,
        "columns": tuple(column(each) if isinstance(each, str) else each for each in columns),
        "primary_key": key,
        "foreign_keys": tuple(keys),
    }
    return TableSchema.model_validate(facts | more)


def _ref(name: str) -> TableRef:
    schema, _, bare = name.rpartition(".")
    return TableRef(schema or "public", bare)


def database(*tables: TableSchema) -> DatabaseSchema:
    """The tables with their relationships and a version."""
    return apply(DatabaseSchema(tables=tables))


CUSTOMERS = table(
    "customers", "id bigint", "tenant_id text", "name text", "email text?", "segment text?", "birthday date?",
    "active boolean", "created_at timestamptz",
)  # fmt: skip
ORDERS = table(
    "orders", "id bigint", "tenant_id text", "customer_id bigint?", "status enum(draft,paid,sent)", "region text",
    "ordered_at timestamptz", "paid_at timestamp?", "due_on date?", "total numeric?", "items integer", "ratio double?",
    "weight real?", "token uuid?", "took interval?", "opens time?", "closes timetz?", "document json?", "extra jsonb?",
    "tags text[]", "moods other?", "raw bytea?", "billing_address_id bigint?", "shipping_address_id bigint?",
    links={"customer_id": "customers", "billing_address_id": "addresses", "shipping_address_id": "addresses"},
)  # fmt: skip
SHOP = database(
    CUSTOMERS,
    table(
        "addresses", "id bigint", "tenant_id text", "customer_id bigint?", "city text",
        links={"customer_id": "customers"},
    ),
    ORDERS,
    table(
        "order_items", "id bigint", "tenant_id text", "order_id bigint", "product_id bigint?", "quantity integer",
        "unit_price numeric", links={"order_id": "orders", "product_id": "products"},
    ),
    table("products", "id bigint", "tenant_id text", "name text", "category text?"),
    table(
        "refunds", "id bigint", "tenant_id text", "order_id bigint?", "amount numeric", "reason text?",
        links={"order_id": "orders"},
    ),
    table(
        "employees", "id bigint", "tenant_id text", "name text", "manager_id bigint?", "salary numeric",
        links={"manager_id": "employees"},
    ),
    table(
        "events", "tenant_id text", "customer_id bigint?", "kind text", "payload json?", key=None,
        links={"customer_id": "customers"},
    ),
    table(
        "audit_log", "id bigint", "tenant_id text", "customer_id bigint?", "action text",
        links={"customer_id": "customers"},
    ),
    table("sales.quotas", "id bigint", "tenant_id text", "employee_id bigint", links={"employee_id": "employees"}),
)  # fmt: skip
"""Tables that lead to each other in every way: two keys to one table, to-many branches, a loop, one without a key."""

OPEN = scope(SHOP, None, None)


def planned(definition: Definition, scoped: ScopedSchema = OPEN, **how: Any) -> QueryPlan:
    shape, _ = split(QueryDefinition.model_validate(definition))
    return plan(shape, scoped, **how)


def compiled(definition: Definition, scoped: ScopedSchema = OPEN) -> Template:
    return build(planned(definition, scoped))


def refusals(definition: Definition, scoped: ScopedSchema = OPEN) -> list[Issue]:
    """Why a definition cannot be planned, or its values bound."""
    shape, values = split(QueryDefinition.model_validate(definition))
    with pytest.raises(QueryError) as caught:
        build(plan(shape, scoped)).bind(values, None, row_cap=100)
    for issue in caught.value.issues:
        assert issue.message.endswith("."), issue
        assert issue.hint, issue
    return list(caught.value.issues)


def refusal(definition: Definition, scoped: ScopedSchema = OPEN) -> Issue:
    """The one reason why a definition cannot be planned."""
    found = refusals(definition, scoped)
    assert len(found) == 1, found
    return found[0]


def scoped_for(policy: AccessPolicy, **context: Any) -> ScopedSchema:
    return scope(SHOP, policy, RequestContext(user="u", **context))


def counted(**parts: Any) -> Definition:
    """How many orders, with what else is asked."""
    return {"source": "orders", "measures": ["count"], **parts}


def where(field: str, operator: str, *value: Any) -> Definition:
    """How many orders satisfy a condition."""
    condition = {"field": field, "operator": operator, **({"value": value[0]} if value else {})}
    return counted(filters=[condition])

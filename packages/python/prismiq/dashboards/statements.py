"""What the store asks PostgreSQL, and what its rows are. Here SQL says who may see and change a record."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    Text,
    and_,
    any_,
    cast,
    collate,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.sql import ClauseElement

from prismiq.dashboards.models import Sharing
from prismiq.dashboards.records import Caller, Kind, Pin, Record
from prismiq.dashboards.tables import PINS, RECORDS
from prismiq.dashboards.wire import dump_json


def compiled(statement: ClauseElement) -> tuple[str, list[object]]:
    """A statement as asyncpg takes it."""
    made: Any = statement.compile(
        dialect=dialects.dialect(paramstyle="numeric_dollar"),  # pyright: ignore[reportNoOverloadImplementation]
        compile_kwargs={"render_postcompile": True},
    )
    return str(made), [made.params[name] for name in made.positiontup or ()]


def without_content(table: Table) -> list[Column[Any]]:
    """All of a record but what it holds, as lists show it."""
    return [each for each in table.c if each.name != "content"]


_ID = UUID(int=0)


def reading(kind: Kind, caller: Caller, id: UUID) -> tuple[str, list[object]]:  # noqa: A002
    """What reads a record that the caller may view. Each page asks it, so it is compiled once for each of its forms."""
    opens = None if caller.opens is None else sorted(caller.opens)
    sql, likeness = _reading_of(kind, None if opens is None else len(opens))
    values: dict[object, object] = {_ID: id, "tenant": caller.tenant, "user": caller.user}
    values |= {f"{number:09}": each for number, each in enumerate(opens or ())}
    return sql, [sorted(caller.roles) if isinstance(each, list) else values[each] for each in likeness]


@lru_cache(100)
def _reading_of(kind: Kind, opens: int | None) -> tuple[str, list[object]]:
    """The SQL, and in the place of each argument what it stands for."""
    granted = None if opens is None else frozenset(f"{number:09}" for number in range(opens))
    likeness = Caller("tenant", "user", frozenset({"roles"}), granted)
    return compiled(selected(kind, likeness, _ID))


def selected(kind: Kind, caller: Caller, id: UUID) -> ClauseElement:  # noqa: A002
    """A record that the caller may view."""
    table = RECORDS[kind]
    # As text both ways: a host's pool may have a codec of its own for JSON.
    content = cast(table.c.content, Text).label("content")
    return select(*without_content(table), content).where(table.c.id == id, visible(table, caller))


def owned(table: Table, caller: Caller) -> ColumnElement[bool]:
    """Whether it is the caller's."""
    if caller.opens is not None:  # a guest owns nothing, whatever the token calls them
        return false()
    return and_(table.c.tenant == caller.tenant, table.c.owner == caller.user)


def visible(table: Table, caller: Caller) -> ColumnElement[bool]:
    """Whether the caller may view it."""
    if caller.opens is not None:
        granted = sorted(caller.opens)
        named = or_(cast(table.c.id, Text).in_(granted), table.c.slug.in_(granted))
        return and_(table.c.tenant == caller.tenant, named)
    return _shared(table, caller, table.c.tenant_access.is_not(None), "view")


def editable(table: Table, caller: Caller) -> ColumnElement[bool]:
    """Whether the caller may change it."""
    if caller.opens is not None:
        return false()
    return _shared(table, caller, table.c.tenant_access == "edit", "edit")


def _shared(table: Table, caller: Caller, with_all: ColumnElement[bool], access: str) -> ColumnElement[bool]:
    roles = literal(sorted(caller.roles), ARRAY(Text))
    return and_(
        table.c.tenant == caller.tenant,
        or_(
            table.c.owner == caller.user,
            with_all,
            table.c[f"{access}_roles"].op("&&", is_comparison=True)(roles),
            literal(caller.user, Text) == any_(table.c[f"{access}_users"]),
        ),
    )


def sort_key(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a list is sorted by: texts as PostgreSQL compares them without a locale."""
    return collate(func.lower(value), "C") if isinstance(value.type, Text) else value


def pins_of(caller: Caller) -> Any:
    """What the caller has pinned of what they may still view."""
    dashboards = RECORDS[Kind.DASHBOARD]
    joined = PINS.join(dashboards, dashboards.c.id == PINS.c.dashboard_id)
    return (
        select(PINS.c.id, PINS.c.context, PINS.c.dashboard_id, PINS.c.widget, dashboards.c.title)
        .select_from(joined)
        .where(owned(PINS, caller), visible(dashboards, caller))
    )


def pin_of(row: Any) -> Pin:
    """A row of that."""
    return Pin(row["id"], row["context"], row["dashboard_id"], row["widget"] or None, row["title"])


def values_of(record: Record) -> dict[str, Any]:
    """A record as a row."""
    shared = record.visibility
    return {
        "id": record.id,
        "tenant": record.tenant,
        "owner": record.owner,
        "slug": record.slug,
        "title": record.title,
        "description": record.description,
        "tags": list(record.tags),
        "tenant_access": shared.tenant,
        "view_roles": list(shared.roles),
        "edit_roles": [role for role, access in shared.roles.items() if access == "edit"],
        "view_users": list(shared.users),
        "edit_users": [user for user, access in shared.users.items() if access == "edit"],
        "content": cast(literal(dump_json(record.content).decode(), Text), JSON),
        "version": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "updated_by": record.updated_by,
    }


def record_of(row: Any) -> Record:
    """A row as a record."""
    content: Any = json.loads(row["content"], parse_float=Decimal) if "content" in row else {}
    return Record(
        id=row["id"],
        tenant=row["tenant"],
        owner=row["owner"],
        slug=row["slug"],
        title=row["title"],
        description=row["description"],
        tags=tuple(row["tags"]),
        # Without a check, as all that is read: what one record holds must not break a list.
        visibility=Sharing.model_construct(
            tenant=row["tenant_access"],
            roles={role: "edit" if role in row["edit_roles"] else "view" for role in row["view_roles"]},
            users={user: "edit" if user in row["edit_users"] else "view" for user in row["view_users"]},
        ),
        content=content if isinstance(content, dict) else {},  # pyright: ignore[reportUnknownArgumentType]
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
    )

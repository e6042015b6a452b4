"""The store in PostgreSQL: the analysed database or another, in a schema of its own.

Who may see or change a record is decided in SQL, by the same rules as `records.access_of`. A change is one UPDATE that
names the version it was made from, so that it either happens whole or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none
from sqlalchemy import (
    Integer,
    Text,
    and_,
    any_,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as UUID_TYPE
from sqlalchemy.sql import ClauseElement

from prismiq.access.caller import Caller as Asker
from prismiq.dashboards.migrations import current_revision, migrate
from prismiq.dashboards.models import NewPin
from prismiq.dashboards.records import Caller, Kind, Listing, Pin, Record
from prismiq.dashboards.statements import (
    compiled,
    editable,
    owned,
    pin_of,
    pins_of,
    reading,
    record_of,
    sort_key,
    values_of,
    visible,
    without_content,
)
from prismiq.dashboards.store import slug_taken
from prismiq.dashboards.tables import PINS, RECORDS, REVISION, SCHEMA
from prismiq.errors import ConfigurationError, StoreNotReadyError
from prismiq.execution.failures import own_errors
from prismiq.execution.host_sessions import HostSessions, Pool
from prismiq.execution.own_sessions import OwnSessions
from prismiq.execution.sessions import Sessions
from prismiq.settings import Settings

_ENGINE = Asker()
_MIGRATE = "Run `prismiq migrate`, or `await engine.migrate()`, once for this database."
_GRANT = f"Grant USAGE on the schema `{SCHEMA}` and SELECT, INSERT, UPDATE and DELETE on its tables to the role."
_WRITABLE = "Give the store the address of the primary, and a role and a pool that may write."


class PostgresStore:
    """A DashboardStore in PostgreSQL, by an address or through the host's own pool, which must be able to write.

    Raises ConfigurationError when neither or both of `dsn` and `pool` are given.
    """

    def __init__(self, dsn: str | None = None, *, pool: Pool | None = None, settings: Settings | None = None) -> None:
        if (dsn is None) == (pool is None):
            raise ConfigurationError("A store needs a `dsn` or a `pool`, and not both.", hint="Give one of them.")
        # None kept open: a store is asked now and then.
        settings = (settings or Settings()).model_copy(update={"pool_min_size": 0})
        self._sessions: Sessions = (
            OwnSessions(dsn, settings, writable=True)
            if dsn is not None
            else HostSessions(pool, settings, writable=True)
        )
        self._checked = False

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there yet."""
        await self._sessions.open()

    async def close(self) -> None:
        """Closes an own pool; the host's stays open."""
        await self._sessions.close()

    async def check(self) -> None:
        """Raises StoreNotReadyError where `migrate` must run first."""
        async with self._session() as connection:
            await _check_revision(connection)
        self._checked = True

    async def migrate(self) -> list[str]:
        """Brings the tables to the newest revision; several may call it at once. Returns the revisions applied."""
        async with self._session() as connection:
            return await migrate(connection)

    async def find(self, kind: Kind, caller: Caller, listing: Listing) -> list[Record]:
        """The records that the caller may view, in order, without their `content`."""
        table = RECORDS[kind]
        key = sort_key(table.c[listing.sort])
        query = select(*without_content(table)).where(visible(table, caller))
        if listing.search:
            wanted = func.lower(literal(listing.search, Text))
            searched = (table.c.title, table.c.description, func.array_to_string(table.c.tags, "\n"))
            query = query.where(or_(*(func.strpos(func.lower(text), wanted) > 0 for text in searched)))
        if listing.tag is not None:
            query = query.where(literal(listing.tag, Text) == any_(table.c.tags))
        if listing.slug is not None:
            query = query.where(table.c.slug == listing.slug)
        if listing.owner is not None:
            query = query.where(table.c.owner == listing.owner)
        if listing.after is not None:
            value, last = listing.after
            here = tuple_(key, table.c.id)
            there = tuple_(sort_key(literal(value, table.c[listing.sort].type)), literal(last, UUID_TYPE(as_uuid=True)))
            query = query.where(here < there if listing.descending else here > there)
        order = (key.desc(), table.c.id.desc()) if listing.descending else (key, table.c.id)
        return [record_of(row) for row in await self._fetch(query.order_by(*order).limit(listing.limit), caller)]

    async def get(self, kind: Kind, caller: Caller, id: UUID) -> Record | None:  # noqa: A002
        """A record that the caller may view, or None."""
        rows = await self._rows(*reading(kind, caller, id), caller)
        return record_of(rows[0]) if rows else None

    async def insert(self, kind: Kind, record: Record) -> None:
        """Adds a record."""
        await self._fetch(
            insert(RECORDS[kind]).values(values_of(record)), Caller(record.tenant, record.owner, frozenset())
        )

    async def replace(self, kind: Kind, caller: Caller, record: Record) -> bool:
        """Puts a record in the place of the version before."""
        table = RECORDS[kind]
        values = values_of(record)
        for fixed in ("id", "tenant", "owner", "created_at"):
            del values[fixed]
        change = (
            update(table)
            .where(table.c.id == record.id, table.c.version == record.version - 1, editable(table, caller))
            .values(values)
            .returning(table.c.id)
        )
        return bool(await self._fetch(change, caller))

    async def delete(self, kind: Kind, caller: Caller, id: UUID, version: int) -> bool:  # noqa: A002
        """Deletes a record of the caller's own."""
        table = RECORDS[kind]
        own = and_(table.c.id == id, table.c.version == version, owned(table, caller))
        return bool(await self._fetch(delete(table).where(own).returning(table.c.id), caller))

    async def pins(self, caller: Caller, context: str) -> list[Pin]:
        """The caller's pins in a place."""
        query = pins_of(caller).where(PINS.c.context == context).order_by(PINS.c.position, PINS.c.id)
        return [pin_of(row) for row in await self._fetch(query, caller)]

    async def add_pin(self, caller: Caller, pin: NewPin) -> Pin | None:
        """Adds a pin at the end, or finds it."""
        dashboards = RECORDS[Kind.DASHBOARD]
        last = (
            select(func.coalesce(func.max(PINS.c.position), -1) + 1)
            .where(owned(PINS, caller), PINS.c.context == pin.context)
            .scalar_subquery()
        )
        values = select(
            literal(uuid4(), UUID_TYPE(as_uuid=True)),
            literal(caller.tenant, Text),
            literal(caller.user, Text),
            literal(pin.context, Text),
            dashboards.c.id,
            literal(pin.widget or "", Text),
            last,
        ).where(dashboards.c.id == pin.dashboard, visible(dashboards, caller))
        await self._fetch(
            insert(PINS).from_select([each.name for each in PINS.c], values).on_conflict_do_nothing(), caller
        )
        found = pins_of(caller).where(
            PINS.c.context == pin.context, PINS.c.dashboard_id == pin.dashboard, PINS.c.widget == (pin.widget or "")
        )
        rows = await self._fetch(found, caller)
        return pin_of(rows[0]) if rows else None

    async def remove_pin(self, caller: Caller, id: UUID) -> bool:  # noqa: A002
        """Removes a pin of the caller's."""
        return bool(
            await self._fetch(delete(PINS).where(PINS.c.id == id, owned(PINS, caller)).returning(PINS.c.id), caller)
        )

    async def order_pins(self, caller: Caller, context: str, pins: Sequence[UUID]) -> None:
        """Puts the caller's pins of a place in this order."""
        # Locked in one order whatever the new one is, so that two who order at once wait and do not block each other.
        locked = (
            select(PINS.c.id, PINS.c.position)
            .where(owned(PINS, caller), PINS.c.context == context)
            .order_by(PINS.c.id)
            .with_for_update()
            .cte("locked")
        )
        named = func.array_position(literal(list(pins), ARRAY(UUID_TYPE(as_uuid=True))), locked.c.id)
        rank = func.row_number().over(order_by=(named.asc().nulls_last(), locked.c.position, locked.c.id)) - 1
        ranked = select(locked.c.id, rank.label("place")).cte("ranked")
        await self._fetch(
            update(PINS).where(PINS.c.id == ranked.c.id).values(position=ranked.c.place.cast(Integer)), caller
        )

    async def _fetch(self, statement: ClauseElement, caller: Caller) -> Sequence[Any]:
        return await self._rows(*compiled(statement), caller)

    async def _rows(self, sql: str, args: Sequence[object], caller: Caller) -> Sequence[Any]:
        turn = ("tenant", caller.tenant) if caller.tenant else ("user", caller.user)
        async with self._session(Asker(turn)) as connection:
            if not self._checked:
                await _check_revision(connection)
                self._checked = True
            return await connection.fetch(sql, *args)

    @asynccontextmanager
    async def _session(self, asker: Asker = _ENGINE) -> AsyncGenerator[Any]:
        with own_errors(), _store_errors():
            async with self._sessions.session(asker) as connection:
                yield connection


async def _check_revision(connection: Any) -> None:
    current = await current_revision(connection)
    if current is None:
        raise StoreNotReadyError("The tables for dashboards are not there yet.", hint=_MIGRATE)
    if current < REVISION:
        raise StoreNotReadyError(
            f"The tables for dashboards are at revision {current}, and {REVISION} is needed.", hint=_MIGRATE
        )


@contextmanager
def _store_errors() -> Generator[None]:
    """What PostgreSQL says of tables, where it would mean the analysed schema elsewhere."""
    try:
        yield
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError) as error:
        raise StoreNotReadyError("The tables for dashboards are missing or old.", hint=_MIGRATE) from error
    except asyncpg.UniqueViolationError as error:  # a pin that is there already raises none
        raise slug_taken() from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise StoreNotReadyError("The database role may not use the tables for dashboards.", hint=_GRANT) from error
    except asyncpg.ReadOnlySQLTransactionError as error:
        raise StoreNotReadyError("The tables for dashboards cannot be written.", hint=_WRITABLE) from error

"""The engine's answers from a real database: a world is made inside a transaction that is rolled back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from prismiq.access import AccessPolicy, RequestContext, scope
from prismiq.access import caller as access_caller
from prismiq.access.scope import ScopedSchema
from prismiq.execution.copying import JsonRows, copy
from prismiq.execution.own_sessions import OwnSessions
from prismiq.execution.pipelined import Pipelined
from prismiq.introspection import introspect
from prismiq.plan import PASSES, plan
from prismiq.plan.passes import FAST_BUCKETS
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema import SchemaConfiguration, apply
from prismiq.schema.models import DatabaseSchema
from prismiq.settings import Settings
from prismiq.sql import build
from prismiq.sql.copied import Form, can_be_copied
from prismiq.sql.questions import Prepared
from prismiq.sql.spans import NoShortcutError
from prismiq.sql.statement import Statement
from prismiq.sql.template import Template
from prismiq.sql.together import Asking, scans_of
from soundness.worlds import SCHEMA, STORED_IN, World

CONFIGURATIONS: dict[str, frozenset[str]] = {
    "all": PASSES,
    "none": frozenset(),
    **{f"without {name}": PASSES - {name} for name in sorted(PASSES)},
}
"""The optimisations with which every question is asked, by what they are called."""


class Connection:
    """One connection with an event loop of its own, since Hypothesis calls a plain function many times."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._link: asyncpg.Connection = self._run(asyncpg.connect(dsn))

    def _run(self, awaitable: Any) -> Any:
        return self._loop.run_until_complete(awaitable)

    def load(self, world: World) -> DatabaseSchema:
        """Makes the world inside a transaction, and reads it back."""
        self.execute(f"BEGIN; {world.ddl()}")
        for table in world.tables:
            records = [tuple(row[name] for name in table.columns) for row in world.rows[table.name]]
            copying = self._link.copy_records_to_table(
                table.name, schema_name=SCHEMA, columns=table.columns, records=records
            )
            self._run(copying)
        return self.schema(SCHEMA)

    def execute(self, sql: str) -> None:
        self._run(self._link.execute(sql))

    def schema(self, name: str) -> DatabaseSchema:
        found = self._run(introspect(self._link, [name]))
        tables = {
            str(table.ref): {"columns": {"s": {"stored_in": STORED_IN.key}}}
            for table in found.tables
            if "s" in table.by_name
        }
        return apply(found, SchemaConfiguration.load({"tables": tables}))

    def forget(self) -> None:
        self.execute("ROLLBACK")

    def fetch(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._run(self._link.fetch(sql, *args))]

    def copy(self, statement: Statement) -> list[list[Any]]:
        """The rows of a statement in a form for COPY, as JSON tells them."""
        rows = JsonRows(statement, cap=None)
        found: list[bytes] = []

        async def sink(data: bytes) -> None:
            found.append(rows.feed(data))

        self._run(copy(self._link, statement, sink))
        return json.loads(b"[" + b"".join(found) + b"]", parse_float=Decimal)

    def close(self) -> None:
        self._run(self._link.close())
        self._loop.close()


class Pipeline:
    """The pipelined driver by itself; what it leaves to asyncpg is counted."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        settings = Settings(pool_max_size=2, driver="psycopg")
        self._sessions = OwnSessions(dsn, settings)
        self._pipelined = Pipelined(dsn, settings, self._sessions, deadline=30)
        self._loop.run_until_complete(self._sessions.open())
        self.own = self.left = 0

    def fetch(self, statement: Statement) -> list[tuple[Any, ...]] | None:
        found = self._loop.run_until_complete(self._fetch(statement))
        if found is None:
            self.left += 1
            return None
        self.own += 1
        return [tuple(row) for row in found]

    async def _fetch(self, statement: Statement) -> Any:
        try:
            return await self._pipelined.fetch(statement, access_caller.Caller())
        except asyncpg.InvalidCachedStatementError:  # another world's tables, by the same names
            return await self._pipelined.fetch(statement, access_caller.Caller())

    def close(self) -> None:
        self._loop.run_until_complete(self._sessions.close())
        self._loop.run_until_complete(self._pipelined.close())
        self._loop.close()


class Caller:
    """Who asks, of which schema."""

    def __init__(
        self, schema: DatabaseSchema, policy: AccessPolicy | None = None, context: RequestContext | None = None
    ) -> None:
        self.scoped: ScopedSchema = scope(schema, policy, context)
        self._context = context

    def compile(
        self,
        definition: QueryDefinition,
        passes: Collection[str] = PASSES,
        now: datetime | None = None,
        form: Form = Form.ROWS,
    ) -> Statement:
        shape, values = split(definition)

        def longer() -> Template:
            return build(plan(shape, self.scoped, frozenset(passes) - {FAST_BUCKETS}), form)

        template = replace(build(plan(shape, self.scoped, passes), form), otherwise=longer)
        return template.bind(values, self._context, row_cap=100_000, now=now)

    def copied(self, definition: QueryDefinition, now: datetime | None = None) -> Statement | None:
        """The same in a form for COPY, where COPY can write it."""
        plain = self.compile(definition, now=now)
        if plain.pivot is not None or plain.totals is not None or not can_be_copied(plain.columns, plain.sql):
            return None
        return self.compile(definition, now=now, form=Form.JSON)

    def together(
        self, definitions: Sequence[QueryDefinition], now: datetime
    ) -> Iterator[tuple[tuple[int, ...], Statement]]:
        """The statements that answer several of the definitions by one scan, and which."""
        prepared: list[Prepared] = []
        for definition in definitions:
            shape, values = split(definition)
            prepared.append(Prepared(build(plan(shape, self.scoped), shape=shape), values))
        asking = Asking(self.scoped, self._context, now, row_cap=100_000, max_tables=30, from_rows=0)
        for scan in scans_of(prepared, asking, {}):
            try:
                yield scan.places, scan.template.bind(scan.values, self._context, row_cap=100_000, now=now)
            except NoShortcutError:  # of fast buckets: each is then asked by itself
                continue

"""The engine: a question and who asks in, rows out. `_prepare` and `execute_query` are the whole pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from types import TracebackType
from typing import Any

from prismiq.access import AccessPolicy, RequestContext, ScopedSchema, check_not_a_guest
from prismiq.access.caller import caller_of, engine_caller
from prismiq.access.scope import tables_called
from prismiq.access.scopes import Scopes
from prismiq.access.visible import visible_schema
from prismiq.errors import ConfigurationError, Issue, IssueCode, NotFoundError, PermissionDeniedError, QueryError
from prismiq.execution import Database, Numbers, QueryResult
from prismiq.execution.answers import Answer, Answers, MemoryCache
from prismiq.execution.encode import check_size, encode_parts
from prismiq.execution.host_sessions import Pool
from prismiq.introspection import SchemaCache, introspect
from prismiq.plan import plan, render
from prismiq.plan.definitions import UsableDefinitions, define
from prismiq.query import Condition, Dimension, Operator, QueryDefinition
from prismiq.query.fields import Path
from prismiq.query.places import as_written
from prismiq.schema import SchemaConfiguration, apply
from prismiq.schema.models import DatabaseSchema, TableRef
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql import Statement
from prismiq.sql.questions import Prepared, Question, Questions

ENCODE_IN_THREAD = 5_000
"""Rows from which a result is encoded beside the event loop."""


def _now() -> datetime:
    return datetime.now(timezone.utc)


class PrismiqEngine:
    """Answers questions to one PostgreSQL database.

    Construct it anywhere, it is cheap; `await engine.open()` or `async with engine` before use. Without a policy it
    answers in full, since Python code is the host's own; with one every call needs a context.

    `clock` tells the time that relative periods are relative to. Raises ConfigurationError when neither or both of
    `dsn` and `pool` are given.
    """

    def __init__(
        self,
        dsn: str | None = None,
        *,
        pool: Pool | None = None,
        policy: AccessPolicy | None = None,
        configuration: SchemaConfiguration | None = None,
        settings: Settings | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        if (dsn is None) == (pool is None):
            raise ConfigurationError(
                "An engine needs a `dsn` or a `pool`, and not both.",
                hint='PrismiqEngine("postgresql://…") connects by itself; PrismiqEngine(pool=…) uses your pool.',
            )
        self.policy = policy
        self.settings = settings or Settings()
        if policy is not None:
            self.settings = policy.limits.over(self.settings)
        self.configuration = configuration or SchemaConfiguration()
        self._database = Database(dsn=dsn, pool=pool, settings=self.settings)
        self._schema = SchemaCache(self._introspect, self.settings.schema_ttl)
        self._clock = clock
        self._scopes = Scopes(policy)
        self._definitions = UsableDefinitions()
        cache = MemoryCache(self.settings.cache_max_bytes)
        self._answers = Answers(cache, ttl=self.settings.cache_ttl, stale=self.settings.cache_stale)
        self._questions = Questions(self.settings, self._definitions)

    async def open(self) -> None:
        """Opens the pool. PostgreSQL need not be there yet: the first query says so if it is not."""
        await self._database.open()

    async def close(self) -> None:
        """Ends background work and closes the engine's own pool; the host's stays open."""
        await self._answers.close()
        await self._schema.close()
        self._schema = SchemaCache(self._introspect, self.settings.schema_ttl)  # so that it may be opened again
        await self._database.close()

    async def __aenter__(self) -> PrismiqEngine:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def execute_query(self, question: Question, context: RequestContext | None = None) -> QueryResult:
        """Answers a question.

        Raises QueryError when it cannot be planned, ContextError when the context lacks what the policy needs, and
        DatabaseError when PostgreSQL cannot answer.
        """
        statement = await self._prepare(question, context)
        return await self._database.run(statement, caller_of(self.policy, context))

    async def answer_query(
        self,
        question: Question,
        context: RequestContext | None = None,
        *,
        numbers: Numbers = "exact",
        max_age: float | None = None,
    ) -> tuple[Answer, bool]:
        """Answers a question as JSON, and says whether the answer was kept from before.

        One of at most `max_age` seconds will do, by default of `cache_ttl`; 0 asks for one that is computed now.
        However many ask the same at once, it is computed once. Raises like `execute_query`, and ResultTooLargeError.
        """
        prepared = self._questions.prepare(question, await self._scoped(context))
        statement = self._bind(prepared, question, context)
        caller = caller_of(self.policy, context)
        # Everything the answer depends on. Values by their text: 1 and 1.0 are equal, and may answer differently.
        key = (prepared.template, repr(statement.args), statement.pivot, caller.settings, numbers)

        async def compute() -> Answer:
            result = await self._database.run(statement, caller)
            if result.row_count > ENCODE_IN_THREAD:
                content, rest = await asyncio.to_thread(encode_parts, result, numbers)
            else:
                content, rest = encode_parts(result, numbers)
            check_size(content, self.settings.max_result_bytes)
            return Answer(content, rest, prepared.template.tables, result.row_count)

        return await self._answers.get(key, compute, max_age=max_age)

    def forget_answers(self, *tables: str) -> None:
        """Drops the kept answers that read any of the tables, `orders` or `sales.orders`; all of them without any.

        Raises NotFoundError for a name that no single table has.
        """
        if not tables:
            self._answers.forget()
            return
        schema = self._schema.at_hand
        if schema is None:
            return  # nothing was asked yet
        refs: set[TableRef] = set()
        for name in tables:
            found = tables_called(name, schema)
            if len(found) != 1:
                raise NotFoundError(f'There is no single table "{name}".', hint="Name it with its schema.")
            refs.update(found)
        self._answers.forget(refs)

    async def compile_query(self, question: Question, context: RequestContext | None = None) -> Statement:
        """The SQL, its arguments and its columns, without running it. Raises like `execute_query`.

        With a policy the context's roles must be among `sql_visible_to`, since the SQL shows the policy's columns.
        Guests never see it.
        """
        self._check_sql_visible(context)
        return await self._prepare(question, context)

    async def validate_query(self, question: Question, context: RequestContext | None = None) -> list[Issue]:
        """Every reason why the question cannot be planned; empty when it can."""
        try:
            await self._prepare(question, context)
        except QueryError as error:
            return list(error.issues)
        return []

    async def explain_query(self, question: Question, context: RequestContext | None = None) -> dict[str, Any]:
        """The plan's tree as text, the SQL, and PostgreSQL's EXPLAIN of it (not run). Raises like `compile_query`."""
        statement = await self.compile_query(question, context)
        scoped = await self._scoped(context)
        shape, _ = self._questions.shape(question, scoped)
        return {
            "plan": render(plan(shape, scoped)).splitlines(),
            "sql": statement.sql,
            "postgresql": await self._database.explain(statement, caller_of(self.policy, context)),
        }

    async def get_schema(self, context: RequestContext | None = None) -> DatabaseSchema:
        """What this caller may query: tables, columns and relationships, metrics and dimensions."""
        scoped = await self._scoped(context)
        return visible_schema(scoped, *self._definitions.of(scoped).listed())

    async def refresh_schema(self) -> None:
        """Reads the database's schema again, now. Plans made for the old one are no longer used."""
        await self._schema.refresh()

    async def get_column_values(
        self,
        table: str | Path,
        column: str,
        *,
        search: str | None = None,
        limit: int = 100,
        context: RequestContext | None = None,
    ) -> QueryResult:
        """The distinct values of a column that this caller may see, in order; with `search` those that contain it.

        Raises NotFoundError for a table or a column that does not exist for the caller, QueryError for a search in a
        column that is not text.
        """
        found = (await self._scoped(context)).find(table)
        if found is None or column not in found.columns:
            raise NotFoundError(f'There is no column "{column}" in a table "{table}".', hint="GET /schema lists them.")
        field = Path(path=(column,))
        kind = found.columns[column].type
        if search and kind not in (DataType.TEXT, DataType.ENUM):
            message = f'"{column}" is {kind}; only text can be searched.'
            raise QueryError([Issue(("search",), IssueCode.TYPE_MISMATCH, message, "Leave `search` out.")])
        contains = Condition(field=field, operator=Operator.CONTAINS, value=search, case_sensitive=False)
        definition = QueryDefinition(
            source=table,
            dimensions=(Dimension(field=field),),
            filters=contains if search else None,
            limit=limit,
        )
        return await self.execute_query(definition, context)

    async def check_ready(self) -> None:
        """Asks PostgreSQL for a sign of life. Raises DatabaseUnavailableError or BusyError."""
        await self._database.ping()

    async def _prepare(self, question: Question, context: RequestContext | None) -> Statement:
        """The pipeline up to PostgreSQL: read, scope, expand, split, plan (or find the plan), bind."""
        return self._bind(self._questions.prepare(question, await self._scoped(context)), question, context)

    def _bind(self, prepared: Prepared, question: Question, context: RequestContext | None) -> Statement:
        try:
            cap = self.settings.row_cap
            return prepared.template.bind(prepared.values, context, row_cap=cap, now=self._clock())
        except QueryError as error:
            raise QueryError(as_written(error.issues, question)) from None

    async def _scoped(self, context: RequestContext | None) -> ScopedSchema:
        return self._scopes.of(await self._schema.get(), context)

    async def _introspect(self) -> DatabaseSchema:
        async with self._database.connection(engine_caller(self.policy)) as connection:
            found = await introspect(connection, self.configuration.schemas)
        # A large schema is some 100 ms of Python; in a thread the event loop keeps its turns.
        return await asyncio.to_thread(self._configured, found)

    def _configured(self, found: DatabaseSchema) -> DatabaseSchema:
        return define(apply(found, self.configuration), self.configuration)

    def _check_sql_visible(self, context: RequestContext | None) -> None:
        check_not_a_guest(context)
        if self.policy is None or self.policy.sql_visible_to == "everyone":
            return
        if context is None or not context.roles & self.policy.sql_visible_to:
            raise PermissionDeniedError(
                "The policy does not let this caller see SQL.", hint="`AccessPolicy.sql_visible_to` names the roles."
            )

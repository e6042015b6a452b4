"""The engine: a question and who asks in, rows out. `_ask` and `execute_query` are the whole pipeline."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timezone
from types import TracebackType
from typing import Any

from prismiq.access import AccessPolicy, RequestContext, ScopedSchema, check_sql_visible
from prismiq.access.caller import caller_of
from prismiq.access.check import tables_called
from prismiq.access.explain import TableAccess, explain_access
from prismiq.access.scopes import Scopes
from prismiq.answering import Answering, Asked, Shared
from prismiq.audit import NOT_NOTED, Audit, Noted, Observer, about
from prismiq.dashboards import Dashboards, DashboardStore, Pins, PostgresStore, StoredQueries
from prismiq.dashboards.answers import Answered, answered, jobs_of
from prismiq.errors import (
    ConfigurationError,
    Issue,
    NotFoundError,
    QueryError,
)
from prismiq.execution import Database, Numbers, QueryResult
from prismiq.execution.answers import Answer, Answers, MemoryCache
from prismiq.execution.formats import Format
from prismiq.execution.host_sessions import Pool
from prismiq.introspection import SchemaCache
from prismiq.plan import plan, render
from prismiq.plan.column_values import column_values
from prismiq.plan.definitions import UsableDefinitions
from prismiq.plan.shown import ShownSchemas
from prismiq.query.fields import Path
from prismiq.schema import SchemaConfiguration
from prismiq.schema.models import DatabaseSchema, TableRef
from prismiq.schema_reader import SchemaReader
from prismiq.settings import Settings
from prismiq.sql import Statement
from prismiq.sql.questions import Question, Questions
from prismiq.together import Batch, Moment, SharedScans


def _now() -> datetime:
    return datetime.now(timezone.utc)


class PrismiqEngine:
    """Answers questions to one PostgreSQL database.

    Construct it anywhere, it is cheap; `await engine.open()` or `async with engine` before use. Without a policy it
    answers in full, since Python code is the host's own; with one every call needs a context.

    `store` is where dashboards are kept: the address of a PostgreSQL, or any DashboardStore; by default the setting
    `store_dsn`, else there are none. `audit` is called with an AuditEvent of each question and change; an `Audit` says
    more of who is told, and by default it is the logger `prismiq.audit`. `clock` tells the time that relative periods
    are relative to. Raises ConfigurationError when neither or both of `dsn` and `pool` are given.
    """

    def __init__(
        self,
        dsn: str | None = None,
        *,
        pool: Pool | None = None,
        policy: AccessPolicy | None = None,
        configuration: SchemaConfiguration | None = None,
        settings: Settings | None = None,
        store: DashboardStore | str | None = None,
        audit: Audit | Observer | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        if (dsn is None) == (pool is None):
            raise ConfigurationError(
                "An engine needs a `dsn` or a `pool`, and not both.",
                hint='PrismiqEngine("postgresql://…") connects by itself; PrismiqEngine(pool=…) uses your pool.',
            )
        self.policy = policy
        self.audit = audit if isinstance(audit, Audit) else Audit(*(() if audit is None else (audit,)))
        self.settings = settings or Settings()
        if policy is not None:
            self.settings = policy.limits.over(self.settings)
        self.configuration = configuration or SchemaConfiguration()
        self._database = Database(dsn=dsn, pool=pool, settings=self.settings)
        self._definitions = UsableDefinitions()
        self._questions = Questions(self.settings, self._definitions)
        self._reader = SchemaReader(self._database, self.configuration, policy, self._questions.zones)
        self._schema = SchemaCache(self._reader.read, self.settings.schema_ttl)
        self._clock = clock
        self._scopes = Scopes(policy, self._reader.configured)
        cache = MemoryCache(self.settings.cache_max_bytes)
        self._answers = Answers(cache, ttl=self.settings.cache_ttl, stale=self.settings.cache_stale)
        self._answering = Answering(self._database, self._answers, self.settings)
        self._scans = SharedScans(self._database, self._questions, self.settings, policy)
        self._shown = ShownSchemas(self._definitions)
        where = store or (self.settings.store_dsn.get_secret_value() if self.settings.store_dsn else None)
        self.store = PostgresStore(where, settings=self.settings) if isinstance(where, str) else where

    async def open(self) -> None:
        """Opens the pools. PostgreSQL need not be there yet: the first query says so if it is not."""
        await self._database.open()
        if self.store is not None:
            await self.store.open()

    async def close(self) -> None:
        """Ends background work and closes the engine's own pool; the host's stays open."""
        await self._answers.close()
        await self._schema.close()
        self._schema = SchemaCache(self._reader.read, self.settings.schema_ttl)  # so that it may be opened again
        await self._database.close()
        if self.store is not None:
            await self.store.close()
        await self.audit.close()

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
        with self.audit.of("execute_query", context, question) as noted:
            return await self._execute(question, context, noted)

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
        with self.audit.of("answer_query", context, question) as noted:
            asked = await self._ask(question, context, noted)
            return await self._answering.answer(asked, caller_of(self.policy, context), numbers, max_age)

    async def answer_or_stream(
        self,
        question: Question,
        context: RequestContext | None = None,
        *,
        numbers: Numbers = "exact",
        max_age: float | None = None,
    ) -> tuple[Answer | AsyncGenerator[bytes], bool]:
        """The same, but a large answer that need not be kept comes in pieces, as it is computed.

        Whoever takes the pieces closes the generator (`contextlib.aclosing`), which also cancels the statement. After
        its first piece it raises what goes wrong later.
        """
        with self.audit.of("answer_or_stream", context, question) as noted:
            asked, caller = await self._ask(question, context, noted), caller_of(self.policy, context)
            answer, cached = await self._answering.answer_or_pieces(asked, caller, numbers, max_age)
            return answer if isinstance(answer, Answer) else noted.streams(answer), cached

    async def export_query(
        self,
        question: Question,
        context: RequestContext | None = None,
        *,
        format: Format = "csv",  # noqa: A002
        numbers: Numbers = "exact",
    ) -> AsyncGenerator[bytes]:
        """Answers a question as a file, in pieces: `csv`, `ndjson`, `json`, or `xlsx` with `prismiq[xlsx]`.

        Of any size in little memory, but for pivots and JSON; at most `export_row_cap` rows (JSON: `row_cap`). Raises
        like `execute_query`, and when the pieces are taken DatabaseError and ResultTooLargeError. Close the generator
        (`contextlib.aclosing`) where not all of them are taken.
        """
        with self.audit.of("export_query", context, question) as noted:
            asked = await self._ask(question, context, noted)
            return noted.streams(self._answering.written(asked, caller_of(self.policy, context), format, numbers))

    async def answer_queries(
        self,
        questions: Mapping[str, Mapping[str, Any]],
        context: RequestContext | None = None,
        *,
        numbers: Numbers = "exact",
        max_age: float | None = None,
    ) -> AsyncGenerator[Answered]:
        """Answers many questions, each as it is ready, equal ones once; an error is the answer of its question.

        At most `max_concurrent_widgets` are asked at once. Close the generator (`contextlib.aclosing`) where not all is
        taken. Raises PayloadTooLargeError for more than `max_batch` questions.
        """
        jobs = jobs_of(questions, most=self.settings.max_batch)
        asking = await self.asking(context, numbers=numbers, max_age=max_age)
        return answered(jobs, asking, at_once=self.settings.max_concurrent_widgets)

    async def asking(
        self,
        context: RequestContext | None,
        *,
        numbers: Numbers = "exact",
        max_age: float | None = None,
        dashboard: str | None = None,
    ) -> Batch:
        """What answers many questions of one caller's at one moment. Raises ContextError."""
        scoped, caller, now = await self._scoped(context), caller_of(self.policy, context), self._clock()

        async def ask(question: bytes, shared: Shared | None) -> tuple[Answer, bool]:
            told = about(dashboard=dashboard) if dashboard is not None else nullcontext()
            with told, self.audit.of("answer_query", context, question) as noted:
                asked = replace(await self._ask(question, context, noted), clock=lambda: now)
                return await self._answering.answer(asked, caller, numbers, max_age, shared)

        return Batch(self._scans, ask, Moment(scoped, caller, context, now))

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
        with self.audit.of("compile_query", context, question) as noted:
            check_sql_visible(self.policy, context)
            return await self._prepare(question, context, noted)

    async def validate_query(self, question: Question, context: RequestContext | None = None) -> list[Issue]:
        """Every reason why the question cannot be planned; empty when it can."""
        with self.audit.of("validate_query", context, question) as noted:
            try:
                await self._prepare(question, context, noted)
            except QueryError as error:
                noted.fails(error.code)
                return list(error.issues)
            return []

    async def explain_query(self, question: Question, context: RequestContext | None = None) -> dict[str, Any]:
        """The plan's tree as text, the SQL, and PostgreSQL's EXPLAIN of it (not run). Raises like `compile_query`."""
        with self.audit.of("explain_query", context, question) as noted:
            check_sql_visible(self.policy, context)
            statement = await self._prepare(question, context, noted)
            scoped = await self._scoped(context)
            shape, _ = self._questions.shape(question, scoped)
            return {
                "plan": render(plan(shape, scoped)).splitlines(),
                "sql": statement.sql,
                "postgresql": await self._database.explain(statement, caller_of(self.policy, context)),
            }

    async def get_schema(self, context: RequestContext | None = None) -> DatabaseSchema:
        """What this caller may query: tables, columns and relationships, metrics and dimensions."""
        with self.audit.of("get_schema", context):
            return await self._shown.get(await self._scoped(context))

    async def refresh_schema(self) -> None:
        """Reads the database's schema again, now. Plans made for the old one are no longer used."""
        with self.audit.of("refresh_schema", None):
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
        asked = {"table": table, "column": column, "search": search, "limit": limit}
        with self.audit.of("get_column_values", context, asked) as noted:
            definition = column_values(await self._scoped(context), table, column, search=search, limit=limit)
            return await self._execute(definition, context, noted)

    async def explain_access(self, context: RequestContext) -> list[TableAccess]:
        """What the policy lets a caller see of each table, and why. For the host: it names what is hidden.

        Raises ConfigurationError when the policy does not fit the schema, with every reason.
        """
        database = self._scopes.database(await self._schema.get(), context)
        return explain_access(database, self.policy or AccessPolicy.open(), context)

    async def check_ready(self) -> None:
        """Asks PostgreSQL for a sign of life, and whether the dashboards' tables are there.

        Raises DatabaseUnavailableError, BusyError or StoreNotReadyError.
        """
        await self._database.ping()
        if self.store is not None:
            await self.store.check()

    @property
    def dashboards(self) -> Dashboards:
        """The stored dashboards. Raises ConfigurationError for an engine without a store."""
        store = self._kept()
        return Dashboards(
            store,
            self,
            self.saved_queries,
            needs_tenant=self._needs_tenant,
            at_once=self.settings.max_concurrent_widgets,
            audit=self.audit,
        )

    @property
    def saved_queries(self) -> StoredQueries:
        """The stored queries. Raises ConfigurationError for an engine without a store."""
        return StoredQueries(self._kept(), self, needs_tenant=self._needs_tenant, audit=self.audit)

    @property
    def pins(self) -> Pins:
        """What users keep at hand. Raises ConfigurationError for an engine without a store."""
        return Pins(self._kept(), needs_tenant=self._needs_tenant, audit=self.audit)

    async def migrate(self) -> list[str]:
        """Makes or changes the tables that dashboards are stored in; several instances may do so at once.

        Returns the revisions applied. Raises ConfigurationError without a store, or without Alembic.
        """
        with self.audit.of("migrate", None):
            return await self._kept().migrate()

    async def plan_outputs(self, query: Question, context: RequestContext | None = None) -> Sequence[str] | None:
        """The names of a query's outputs, without running it; None for a pivot, whose columns the rows decide.

        Raises like `execute_query`.
        """
        statement = await self._prepare(query, context)
        return None if statement.pivot is not None else [column.name for column in statement.columns]

    async def with_explicit_paths(
        self, query: Mapping[str, Any], context: RequestContext | None = None
    ) -> dict[str, Any]:
        """A query with a path in the place of each bare table name: it keeps its meaning when the schema grows.

        Raises like `execute_query`.
        """
        return self._questions.with_explicit_paths(query, await self._scoped(context))

    def _kept(self) -> DashboardStore:
        if self.store is None:
            raise ConfigurationError(
                "This engine has no store for dashboards.",
                hint='Give it one: PrismiqEngine(…, store="postgresql://…"), or set PRISMIQ_STORE_DSN.',
            )
        return self.store

    @property
    def _needs_tenant(self) -> bool:
        return self.policy is not None and self.policy.needs_tenant

    async def _execute(self, question: Question, context: RequestContext | None, noted: Noted) -> QueryResult:
        asked = await self._ask(question, context, noted)
        return await self._answering.result(asked, caller_of(self.policy, context))

    async def _prepare(self, question: Question, context: RequestContext | None, noted: Noted = NOT_NOTED) -> Statement:
        """The statement that a question becomes."""
        return (await self._ask(question, context, noted)).statement(self.settings.row_cap)

    async def _ask(self, question: Question, context: RequestContext | None, noted: Noted) -> Asked:
        """The pipeline up to the values: read, scope, expand, split, plan, or find what was planned."""
        scoped = await self._scoped(context)
        prepared = self._questions.prepare(question, scoped)
        noted.asks(prepared.template.sql, prepared.template.tables)
        return Asked(question, context, scoped, self._questions, prepared, self._clock, noted)

    async def _scoped(self, context: RequestContext | None) -> ScopedSchema:
        return await self._scopes.get(await self._schema.get(), context)

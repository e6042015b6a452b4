"""Every public operation of an engine is one event. One that nobody thought of here fails the first test."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from prismiq import (
    AccessPolicy,
    Audit,
    AuditEvent,
    ContextError,
    GuestGrant,
    MemoryStore,
    NotFoundError,
    PrismiqEngine,
    PrismiqError,
    QueryError,
    RequestContext,
    ResultTooLargeError,
    Settings,
)
from prismiq.dashboards import Dashboards, Pins, StoredQueries

ADA = RequestContext(user="ada", tenant="acme", roles=frozenset({"admin"}))
QUERY: dict[str, Any] = {"source": "orders", "measures": ["count"], "filters": {"field": "status", "value": "paid"}}
BOARD = {"title": "Sales", "widgets": [{"id": "note", "type": "text", "text": "x"}]}
STATUS = {"id": "status", "type": "select", "field": "status"}
NOTE = {"id": "more", "type": "text", "text": "y"}
MISSING = str(UUID(int=9))
POLICY = AccessPolicy(tenant_column="tenant_id", sql_visible_to=frozenset({"admin"}))

Run = Callable[[PrismiqEngine, str], Awaitable[object]]
"""Is given the engine, and the id of the thing that was made before: a dashboard, a saved query or a pin."""

ROWS = {"source": "orders", "columns": ["id"]}


async def _export(engine: PrismiqEngine, context: RequestContext, **how: Any) -> bytes:
    async with aclosing(await engine.export_query(ROWS, context, **how)) as pieces:
        return b"".join([piece async for piece in pieces])


OPERATIONS: dict[str, tuple[Run, dict[str, Any]]] = {
    # What is run, and what its event says beside who and when.
    "execute_query": (lambda e, _: e.execute_query(QUERY, ADA), {"tables": ["public.orders"], "rows": 1}),
    "answer_query": (lambda e, _: e.answer_query(QUERY, ADA), {"tables": ["public.orders"], "rows": 1, "cached": False}),
    "answer_or_stream": (
        lambda e, _: e.answer_or_stream(QUERY, ADA),
        {"tables": ["public.orders"], "rows": 1, "cached": False},
    ),
    "export_query": (lambda e, _: _export(e, ADA), {"tables": ["public.orders"], "rows": 7}),
    "compile_query": (lambda e, _: e.compile_query(QUERY, ADA), {"tables": ["public.orders"]}),
    "validate_query": (lambda e, _: e.validate_query(QUERY, ADA), {"tables": ["public.orders"]}),
    "explain_query": (lambda e, _: e.explain_query(QUERY, ADA), {"tables": ["public.orders"]}),
    "get_schema": (lambda e, _: e.get_schema(ADA), {}),
    "get_column_values": (
        lambda e, _: e.get_column_values("orders", "status", context=ADA, limit=2),
        {"tables": ["public.orders"], "rows": 2},
    ),
    "refresh_schema": (lambda e, _: e.refresh_schema(), {}),
    "migrate": (lambda e, _: e.migrate(), {}),
    "dashboards.list": (lambda e, _: e.dashboards.list(ADA), {}),
    "dashboards.get": (lambda e, i: e.dashboards.get(i, ADA), {"dashboard": "id"}),
    "dashboards.create": (lambda e, _: e.dashboards.create(BOARD, ADA), {"dashboard": "new"}),
    "dashboards.update": (lambda e, i: e.dashboards.update(i, {"title": "x"}, ADA), {"dashboard": "id"}),
    "dashboards.replace": (lambda e, i: e.dashboards.replace(i, BOARD, ADA), {"dashboard": "id"}),
    "dashboards.delete": (lambda e, i: e.dashboards.delete(i, ADA), {"dashboard": "id"}),
    "dashboards.duplicate": (lambda e, i: e.dashboards.duplicate(i, ADA), {"dashboard": "id"}),
    "dashboards.export": (lambda e, i: e.dashboards.export(i, ADA), {"dashboard": "id"}),
    "dashboards.import": (lambda e, _: e.dashboards.import_({"kind": "dashboard", **BOARD}, ADA), {"dashboard": "new"}),
    "dashboards.add_widget": (lambda e, i: e.dashboards.add_widget(i, NOTE, ADA), {"dashboard": "id"}),
    "dashboards.update_widget": (
        lambda e, i: e.dashboards.update_widget(i, "note", {"title": "x"}, ADA),
        {"dashboard": "id", "widget": "note"},
    ),
    "dashboards.delete_widget": (
        lambda e, i: e.dashboards.delete_widget(i, "note", ADA),
        {"dashboard": "id", "widget": "note"},
    ),
    "dashboards.set_layout": (
        lambda e, i: e.dashboards.set_layout(i, {"positions": {"note": {"x": 0, "y": 0, "w": 3, "h": 3}}}, ADA),
        {"dashboard": "id"},
    ),
    "dashboards.widget_query": (
        lambda e, i: e.dashboards.widget_query(i, "chart", ADA),
        {"dashboard": "id", "widget": "chart"},
    ),
    "dashboards.data": (lambda e, i: e.dashboards.data(i, ADA), {"dashboard": "id"}),
    "dashboards.filter_values": (lambda e, i: e.dashboards.filter_values(i, "status", ADA), {"dashboard": "id"}),
    "saved_queries.list": (lambda e, _: e.saved_queries.list(ADA), {}),
    "saved_queries.get": (lambda e, i: e.saved_queries.get(i, ADA), {"saved_query": "id"}),
    "saved_queries.create": (lambda e, _: e.saved_queries.create({"title": "x", "query": QUERY}, ADA), {"saved_query": "new"}),
    "saved_queries.update": (lambda e, i: e.saved_queries.update(i, {"title": "x"}, ADA), {"saved_query": "id"}),
    "saved_queries.replace": (
        lambda e, i: e.saved_queries.replace(i, {"title": "x", "query": QUERY}, ADA),
        {"saved_query": "id"},
    ),
    "saved_queries.delete": (lambda e, i: e.saved_queries.delete(i, ADA), {"saved_query": "id"}),
    "saved_queries.duplicate": (lambda e, i: e.saved_queries.duplicate(i, ADA), {"saved_query": "id"}),
    "saved_queries.export": (lambda e, i: e.saved_queries.export(i, ADA), {"saved_query": "id"}),
    "saved_queries.import": (
        lambda e, _: e.saved_queries.import_({"title": "x", "query": QUERY}, ADA),
        {"saved_query": "new"},
    ),
    "pins.list": (lambda e, _: e.pins.list("home", ADA), {}),
    "pins.add": (lambda e, i: e.pins.add({"context": "home", "dashboard": i}, ADA), {"pin": "new"}),
    "pins.remove": (lambda e, i: e.pins.remove(i, ADA), {"pin": "id"}),
    "pins.order": (lambda e, _: e.pins.order({"context": "home", "pins": []}, ADA), {}),
}  # fmt: skip

NO_EVENT = {
    "open", "close", "check_ready",  # nobody asks for anything
    "answer_queries", "asking",  # each is `answer_query`
    "explain_access",  # the policy, for the host
    "plan_outputs", "with_explicit_paths", "dashboards.normalised", "saved_queries.normalised",  # parts of changes
    "saved_queries.query_of",  # is `saved_queries.get`
}  # fmt: skip


def test_every_operation_is_here() -> None:
    owners = {"": PrismiqEngine, "dashboards.": Dashboards, "saved_queries.": StoredQueries, "pins.": Pins}
    public = {
        prefix + name.rstrip("_")
        for prefix, owner in owners.items()
        for name, member in inspect.getmembers(owner)
        if not name.startswith("_") and (inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member))
    }
    assert public - NO_EVENT == set(OPERATIONS)


@pytest.fixture
def events() -> list[AuditEvent]:
    return []


@pytest.fixture
async def engine(shared_shop_dsn: str, events: list[AuditEvent]) -> AsyncIterator[PrismiqEngine]:
    audit = Audit(events.append, values=True, log=False)
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, store=MemoryStore(), audit=audit) as engine:
        yield engine


async def _made(engine: PrismiqEngine, operation: str) -> str:
    """The id of what the operation is about."""
    if operation.startswith("saved_queries"):
        return str((await engine.saved_queries.create({"title": "Mine", "query": QUERY}, ADA)).id)
    chart = {"id": "chart", "type": "bar", "query": QUERY, "position": {"x": 6, "y": 6, "w": 3, "h": 3}}
    made = await engine.dashboards.create({**BOARD, "filters": [STATUS], "widgets": [*BOARD["widgets"], chart]}, ADA)
    if operation == "pins.remove":
        return str((await engine.pins.add({"context": "home", "dashboard": str(made.id)}, ADA)).id)
    return str(made.id)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_one_event_for_each(engine: PrismiqEngine, events: list[AuditEvent], operation: str) -> None:
    run, said = OPERATIONS[operation]
    made = await _made(engine, operation)
    await engine.audit.close()
    events.clear()
    result: Any = await run(engine, made)
    await engine.audit.close()
    *answers, event = events
    assert {(each.operation, each.dashboard) for each in answers} <= {("answer_query", made)}, "that it consists of"
    assert bool(answers) == (operation == "dashboards.filter_values")
    found = event.as_dict()
    is_the_hosts = operation in ("refresh_schema", "migrate")
    assert (event.operation, event.outcome, event.user) == (operation, "ok", None if is_the_hosts else "ada")
    new = str(getattr(result, "id", ""))
    expected = {
        key: {"id": made, "new": new}.get(value, value) if isinstance(value, str) else value
        for key, value in said.items()
    }
    about = ("tables", "rows", "cached", "dashboard", "widget", "saved_query", "pin")
    if operation.endswith("duplicate"):
        expected = dict.fromkeys(expected, new)
    assert {key: found[key] for key in about if key in found} == expected
    assert (event.shape is not None) == ("tables" in said)
    assert event.seconds >= 0


async def test_same_shape_same_digest(engine: PrismiqEngine, events: list[AuditEvent]) -> None:
    other_values = {**QUERY, "filters": {"field": "status", "value": "sent"}}
    other = {**QUERY, "filters": {"field": "status", "operator": "neq", "value": "paid"}}
    for question in (QUERY, other_values, other):
        await engine.execute_query(question, ADA)
    await engine.execute_query(QUERY, ADA.model_copy(update={"tenant": "globex"}))
    await engine.audit.close()
    one, two, three, globex = (event.shape for event in events)
    assert one == two == globex
    assert one != three


async def test_how_it_fails(engine: PrismiqEngine, events: list[AuditEvent]) -> None:
    nobodys, guest = RequestContext(user="lost"), ADA.model_copy(update={"guest": GuestGrant()})
    wrong = {"source": "nowhere", "measures": ["count"]}
    attempts: list[tuple[Awaitable[object], str]] = [
        (engine.execute_query(wrong, ADA), "query_invalid"),
        (engine.answer_query(wrong, ADA), "query_invalid"),
        (engine.validate_query(wrong, ADA), "query_invalid"),
        (engine.execute_query(QUERY, nobodys), "context_incomplete"),
        (engine.execute_query(b"x" * 2_000_000, ADA), "payload_too_large"),
        (engine.compile_query(QUERY, guest), "permission_denied"),
        (engine.get_column_values("nowhere", "x", context=ADA), "not_found"),
        (engine.dashboards.get(MISSING, ADA), "not_found"),
        (engine.dashboards.create({}, ADA), "definition_invalid"),
        (engine.dashboards.list(None), "context_incomplete"),
        (engine.pins.remove(MISSING, ADA), "not_found"),
        (engine.execute_query({**QUERY, "filters": {"field": "status", "operator": "regex", "value": "("}}, ADA), "query_failed"),
    ]  # fmt: skip
    for attempt, _ in attempts:
        try:
            await attempt
        except PrismiqError as error:
            assert error.told
    await engine.audit.close()
    assert [event.outcome for event in events] == [code for _, code in attempts]
    assert [event.user for event in events if event.outcome == "context_incomplete"] == ["lost", None]
    assert [event.guest for event in events if event.outcome == "permission_denied"] == [True]


async def test_a_change_that_is_refused_says_of_what(engine: PrismiqEngine, events: list[AuditEvent]) -> None:
    with pytest.raises(NotFoundError):
        await engine.dashboards.update_widget(MISSING, "x", {"title": "y"}, ADA)
    await engine.audit.close()
    [event] = events
    assert (event.dashboard, event.widget, event.values) == (MISSING, "x", {"patch": {"title": "y"}})


async def test_who_leaves_is_cancelled(dsn: str, events: list[AuditEvent]) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE VIEW slow AS SELECT pg_sleep(60)::text AS n")
    async with PrismiqEngine(dsn, audit=events.append) as engine:
        asking = asyncio.create_task(engine.execute_query({"source": "slow", "columns": ["n"]}))
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%slow%' AND wait_event = 'PgSleep'"
        while not await connection.fetchval(running):  # a round trip each
            assert not asking.done()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await connection.close()
    [event] = events
    assert (event.outcome, event.tables, event.rows) == ("cancelled", ("public.slow",), None)


LARGE = {"source": "many", "columns": ["n"]}


@pytest.fixture
async def large(dsn: str, events: list[AuditEvent]) -> AsyncIterator[PrismiqEngine]:
    """A table whose answers come in pieces."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE many AS SELECT n FROM generate_series(1, 100000) AS n")
    await connection.close()
    async with PrismiqEngine(dsn, audit=events.append, settings=Settings(export_row_cap=90_000)) as engine:
        await engine.answer_query(LARGE)
        await engine.audit.close()
        events.clear()
        yield engine


async def test_what_comes_in_pieces_is_told_of_at_its_end(large: PrismiqEngine, events: list[AuditEvent]) -> None:
    pieces, _ = await large.answer_or_stream(LARGE)
    assert isinstance(pieces, AsyncGenerator)
    await anext(pieces)
    await large.audit.close()
    assert events == [], "it is under way"
    async with aclosing(pieces):
        async for _ in pieces:
            pass
    await large.audit.close()
    [event] = events
    assert (event.outcome, event.rows, event.tables) == ("ok", 100_000, ("public.many",))


@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_pieces_that_are_not_all_taken(large: PrismiqEngine, events: list[AuditEvent], taken: int) -> None:
    for ask in (large.answer_or_stream(LARGE), large.export_query({**LARGE, "limit": 80_000})):
        answer: Any = await ask
        pieces: AsyncGenerator[bytes] = answer[0] if isinstance(answer, tuple) else answer
        for _ in range(taken):
            await anext(pieces)
        await pieces.aclose()
    await large.audit.close()
    assert [event.outcome for event in events] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
async def test_an_export_that_fails_on_its_way(large: PrismiqEngine, events: list[AuditEvent], form: Any) -> None:
    with pytest.raises(ResultTooLargeError):
        async with aclosing(await large.export_query(LARGE, format=form)) as pieces:
            async for _ in pieces:
                pass
    await large.audit.close()
    assert [event.outcome for event in events] == ["result_too_large"]


async def test_each_of_many_who_share_one_computation(shared_shop_dsn: str, events: list[AuditEvent]) -> None:
    settings = Settings(cache_ttl=60)
    async with PrismiqEngine(shared_shop_dsn, audit=events.append, settings=settings) as engine:
        await asyncio.gather(*(engine.answer_query(QUERY) for _ in range(5)))
        await engine.answer_query(QUERY)
    assert [(event.rows, event.cached) for event in events] == [(1, False)] * 5 + [(1, True)]


async def test_what_happens_within_is_about_the_same(engine: PrismiqEngine, events: list[AuditEvent]) -> None:
    """A query that a dashboard's operation asks names the dashboard; what an operation consists of is no event."""
    asked = asyncio.Event()

    class Counting(Dashboards):
        async def _checked(self, data: Any, before: Any, context: Any) -> Any:
            await asyncio.create_task(engine.execute_query(QUERY, ADA))
            await engine.saved_queries.list(ADA)
            asked.set()
            return await super()._checked(data, before, context)

    made = str((await engine.dashboards.create(BOARD, ADA)).id)
    assert engine.store is not None
    boards = Counting(engine.store, engine, engine.saved_queries, needs_tenant=True, audit=engine.audit)
    await boards.update(made, {"title": "Other"}, ADA)
    await engine.audit.close()
    assert asked.is_set()
    _, query, update = events
    assert (query.operation, query.dashboard) == ("execute_query", made)
    assert (update.operation, update.dashboard) == ("dashboards.update", made)


async def test_no_values_unless_asked_for(shared_shop_dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = {**QUERY, "filters": {"field": "region", "value": "a secret"}}
    caplog.set_level(logging.INFO, "prismiq.audit")
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, store=MemoryStore()) as engine:
        await engine.execute_query(secret, ADA)
        await engine.get_column_values("orders", "region", search="a secret", context=ADA)
        await engine.dashboards.create({"title": "a secret"}, ADA)
        with pytest.raises(QueryError):
            await engine.execute_query({**QUERY, "filters": {"field": "a secret", "value": 1}}, ADA)
        with pytest.raises(ContextError):
            await engine.execute_query(secret, RequestContext(user="lost"))
    said = [record.getMessage() for record in caplog.records if record.name == "prismiq.audit"]
    assert len(said) == 5
    assert "a secret" not in "".join(said)

"""What a dashboard shows: a widget's answer under filters is the answer to its query with their conditions in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import asyncpg
import pytest

from prismiq import (
    AccessPolicy,
    DefinitionError,
    GuestGrant,
    MemoryStore,
    NotFoundError,
    PermissionDeniedError,
    PrismiqEngine,
    RequestContext,
)
from prismiq.errors import PrismiqError
from prismiq.execution import Database
from prismiq.settings import Settings
from prismiq.sql import Statement

ADA = RequestContext(user="ada", tenant="acme")
WIDGETS: dict[str, dict[str, Any]] = {
    "orders": {"source": "orders", "measures": ["count", "sum(total)"]},
    "statuses": {"source": "orders", "dimensions": ["status"], "measures": ["count"], "order_by": ["status"]},
    "months": {
        "source": "orders",
        "dimensions": [{"name": "month", "field": "ordered_at", "granularity": "month"}],
        "measures": ["count"],
        "order_by": ["month"],
        "time_zone": "America/New_York",
    },
    "segments": {
        "source": "customers",
        "dimensions": ["segment"],
        "measures": ["count"],
        "filters": {"or": [{"field": "region", "value": "EU"}, {"field": "region", "value": "US"}]},
        "order_by": ["segment"],
    },
    "again": {"source": "orders", "measures": ["count", "sum(total)"]},
}
FILTERS: list[dict[str, Any]] = [
    {"id": "status", "type": "multi_select", "field": "status"},
    {"id": "region", "type": "select", "field": "region", "targets": {"months": "customer.region"}},
    {"id": "segment", "type": "select", "field": "customer.segment", "targets": {"segments": "segment"}},
    {"id": "when", "type": "period", "field": "ordered_at", "default": {"from": "2024-01-01"}},
    {"id": "total", "type": "number_range", "field": "total", "targets": {"statuses": None}},
    {"id": "name", "type": "search", "field": "customer.name", "targets": {"segments": "name"}},
]


def board(**more: Any) -> dict[str, Any]:
    widgets = [
        {"id": name, "type": "table", "query": query, "position": {"x": 0, "y": 4 * place, "w": 6, "h": 4}}
        for place, (name, query) in enumerate(WIDGETS.items())
    ]
    note = {"id": "note", "type": "text", "text": "A note", "position": {"x": 6, "y": 0, "w": 6, "h": 4}}
    return {"title": "Orders", "filters": FILTERS, "widgets": [*widgets, note], **more}


@pytest.fixture
async def engine(shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    async with PrismiqEngine(shop_dsn, policy=AccessPolicy(tenant_column="tenant_id"), store=MemoryStore()) as engine:
        yield engine


async def shown(
    engine: PrismiqEngine, board: Any, context: RequestContext = ADA, **more: Any
) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """The rows, or the error's code, of each widget, and the filters that it did not take."""
    async with aclosing(await engine.dashboards.data(board.id, context, **more)) as answers:
        return {
            each.name: (
                each.error.code if each.answer is None else json.loads(each.answer.body(cached=False))["rows"],  # type: ignore[union-attr] one of the two
                each.skipped,
            )
            async for each in answers
        }


async def rows(engine: PrismiqEngine, widget: str, *conditions: Mapping[str, Any]) -> Any:
    """The rows of a widget's query with conditions in it, as anybody would ask it."""
    query = WIDGETS[widget]
    filters = query.get("filters", [])
    merged = {**query, "filters": [*(filters if isinstance(filters, list) else [filters]), *conditions]}
    return json.loads((await engine.answer_query(merged, ADA))[0].body(cached=False))["rows"]


SINCE = {"field": "ordered_at", "operator": "in_period", "value": {"from": "2024-01-01"}}


async def test_values_are_laid_over_each_widget_that_can_take_them(engine: PrismiqEngine) -> None:
    made = await engine.dashboards.create(board(), ADA)
    found = await shown(engine, made)
    assert sorted(found) == sorted(WIDGETS), "all that ask something"
    assert found["orders"] == found["again"] == (await rows(engine, "orders", SINCE), ())
    assert found["segments"] == (await rows(engine, "segments"), ("when",)), "it has no such column, and says so"

    chosen = {
        "status": ["paid", "sent"],
        "region": "EU",
        "segment": "enterprise",
        "when": None,
        "total": {"min": 10},
        "name": "a",
    }
    found = await shown(engine, made, filters=chosen)
    paid = {"field": "status", "operator": "in", "value": ["paid", "sent"]}
    segment, large = (
        {"field": "customer.segment", "value": "enterprise"},
        {"field": "total", "operator": "gte", "value": 10},
    )
    name = {"field": "customer.name", "operator": "contains", "value": "a", "case_sensitive": False}
    region, theirs = {"field": "region", "value": "EU"}, {"field": "customer.region", "value": "EU"}
    assert found["orders"] == (await rows(engine, "orders", paid, region, segment, large, name), ())
    assert found["statuses"] == (await rows(engine, "statuses", paid, region, segment, name), ()), "total is not for it"
    assert found["months"] == (await rows(engine, "months", paid, theirs, segment, large, name), ())
    own = {"field": "segment", "value": "enterprise"}, {**name, "field": "name"}
    assert found["segments"] == (await rows(engine, "segments", region, *own), ("status", "total"))


async def test_only_some_widgets(engine: PrismiqEngine) -> None:
    made = await engine.dashboards.create(board(), ADA)
    assert set(await shown(engine, made, widgets=["months", "orders"])) == {"months", "orders"}
    for name in ("nope", "note"):
        with pytest.raises(NotFoundError):
            await shown(engine, made, widgets=["orders", name])


async def test_every_wrong_value_is_told(engine: PrismiqEngine) -> None:
    made = await engine.dashboards.create(board(), ADA)
    wrong = {"nope": 1, "status": "paid", "total": [1], "name": 3}
    with pytest.raises(DefinitionError) as found:
        await shown(engine, made, filters=wrong)
    assert {each.loc for each in found.value.issues} == {("filters", name) for name in wrong}
    with pytest.raises(DefinitionError) as found:
        await shown(engine, made, filters={"when": "someday", "total": {"min": "much"}})
    assert {each.loc for each in found.value.issues} == {("filters", "when"), ("filters", "total")}


class TestClicks:
    async def test_the_others_show_what_was_clicked_on(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(filters=[]), ADA)
        click = {"widget": "statuses", "output": "status", "value": "paid"}
        found = await shown(engine, made, cross_filters=[click])
        paid = {"field": "status", "value": "paid"}
        assert found["orders"] == (await rows(engine, "orders", paid), ())
        assert found["statuses"] == (await rows(engine, "statuses"), ()), "where one clicks the rest stays to click on"
        assert found["segments"] == (await rows(engine, "segments"), ("statuses.status",))

    async def test_a_bucket_is_a_period(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(filters=[]), ADA)
        month = (await rows(engine, "months"))[0][0]
        found = await shown(engine, made, cross_filters=[{"widget": "months", "output": "month", "value": month}])
        year, number = int(month[:4]), int(month[5:7])
        following = f"{year + number // 12}-{number % 12 + 1:02}-01"
        period = {"field": "ordered_at", "operator": "in_period", "value": {"from": month, "to": following}}
        assert found["orders"] == (await rows(engine, "orders", period), ())

    async def test_null_and_several(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(filters=[]), ADA)
        clicks = [
            {"widget": "segments", "output": "segment", "value": None},
            {"widget": "statuses", "output": "status", "value": "paid"},
        ]
        found = await shown(engine, made, cross_filters=clicks)
        assert found["orders"] == (
            await rows(engine, "orders", {"field": "status", "value": "paid"}),
            ("segments.segment",),
        )

    @pytest.mark.parametrize(
        ("click", "loc"),
        [
            ({"widget": "nope", "output": "status", "value": 1}, ("cross_filters", 0, "widget")),
            ({"widget": "note", "output": "status", "value": 1}, ("cross_filters", 0, "widget")),
            ({"widget": "statuses", "output": "count", "value": 1}, ("cross_filters", 0, "output")),
            ({"widget": "months", "output": "month", "value": "soon"}, ("cross_filters", 0, "output")),
            ({"widget": "statuses", "output": "status", "value": {"a": 1}}, ("cross_filters", 0, "value")),
            ({"widget": "statuses", "value": 1}, ("cross_filters", 0)),
            ("statuses", ("cross_filters", 0)),
        ],
    )
    async def test_a_click_on_nothing(self, engine: PrismiqEngine, click: Any, loc: tuple[str | int, ...]) -> None:
        made = await engine.dashboards.create(board(filters=[]), ADA)
        with pytest.raises(DefinitionError) as found:
            await shown(engine, made, cross_filters=[click])
        assert [each.loc for each in found.value.issues] == [loc]


class TestChoices:
    async def values(self, engine: PrismiqEngine, made: Any, name: str, context: Any = ADA, **more: Any) -> Any:
        answer = await engine.dashboards.filter_values(made.id, name, context, **more)
        return json.loads(answer.body(cached=False))["rows"]

    async def test_what_the_other_filters_leave(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        everything = [value for (value,) in await self.values(engine, made, "status", filters={"when": None})]
        assert everything == [status for status, _ in await rows(engine, "statuses")]
        left = await self.values(
            engine, made, "status", filters={"when": None, "segment": "enterprise", "status": ["paid"]}
        )
        asked = await rows(engine, "statuses", {"field": "customer.segment", "value": "enterprise"})
        assert [value for (value,) in left] == [status for status, _ in asked], "its own value does not narrow it"
        assert 0 < len(left) < len(everything)

    async def test_search_and_limit(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        names = await self.values(engine, made, "name", search="A", filters={"when": None})
        assert names
        assert all("a" in name.lower() for (name,) in names)
        assert len(await self.values(engine, made, "name", limit=1, filters={"when": None})) == 1

    async def test_the_ends_of_ranges(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        ((low, high),) = await self.values(engine, made, "total", filters={"when": None})
        ends = {"source": "orders", "measures": ["min(total)", "max(total)"]}
        assert [low, high] == json.loads((await engine.answer_query(ends, ADA))[0].body(cached=False))["rows"][0]
        with pytest.raises(DefinitionError) as found:
            await self.values(engine, made, "total", search="1")
        assert found.value.issues[0].loc == ("search",)

    async def test_values_of_another_table(self, engine: PrismiqEngine) -> None:
        listed = {
            "id": "segment",
            "type": "select",
            "field": "customer.segment",
            "values": {"table": "customers", "column": "segment"},
        }
        made = await engine.dashboards.create(board(filters=[listed]), ADA)
        of_table = {"source": "customers", "dimensions": ["segment"], "order_by": ["segment"]}
        asked = json.loads((await engine.answer_query(of_table, ADA))[0].body(cached=False))["rows"]
        assert await self.values(engine, made, "segment") == asked

    async def test_no_filter_and_no_widget(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        with pytest.raises(NotFoundError):
            await self.values(engine, made, "nope")
        lonely = {"id": "lonely", "type": "select", "field": "customer.nope"}
        with pytest.raises(NotFoundError, match="No widget takes"):
            await self.values(engine, await engine.dashboards.create(board(filters=[lonely]), ADA), "lonely")


class TestGuests:
    def guest(self, made: Any, **grant: Any) -> RequestContext:
        granted = GuestGrant(dashboards=frozenset({str(made.id)}), **grant)
        return RequestContext(user="visitor", tenant="acme", guest=granted)

    async def test_what_is_locked_stays(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        guest = self.guest(made, locked_filters={"region": "EU"})
        found = await shown(engine, made, guest, filters={"region": "US", "when": None})
        assert found["orders"] == (await rows(engine, "orders", {"field": "region", "value": "EU"}), ())
        unset = await shown(engine, made, guest, filters={"region": None, "when": None})
        assert unset == found

    async def test_a_widget_that_cannot_be_restricted_is_not_shown(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        status = await shown(engine, made, self.guest(made, locked_filters={"status": ["paid"]}))
        assert status["segments"] == ("permission_denied", ()), "it has no status"
        assert status["orders"][0] == await rows(engine, "orders", {"field": "status", "value": "paid"}, SINCE)
        total = await shown(engine, made, self.guest(made, locked_filters={"total": {"min": 100}}))
        assert total["statuses"] == ("permission_denied", ()), "the filter is not for it, but the token is"

    @pytest.mark.parametrize("locked", [{"nope": 1}, {"status": []}, {"status": "paid"}, {"total": {}}, {"name": ""}])
    async def test_a_lock_that_restricts_nothing_opens_nothing(
        self, engine: PrismiqEngine, locked: dict[str, Any]
    ) -> None:
        made = await engine.dashboards.create(board(), ADA)
        guest = self.guest(made, locked_filters=locked)
        with pytest.raises(PermissionDeniedError):
            await shown(engine, made, guest)
        with pytest.raises(PermissionDeniedError):
            await engine.dashboards.filter_values(made.id, "segment", guest)

    async def test_choices_under_a_lock(self, engine: PrismiqEngine) -> None:
        listed = {
            "id": "segment",
            "type": "select",
            "field": "customer.segment",
            "values": {"table": "customers", "column": "segment"},
        }
        made = await engine.dashboards.create(board(filters=[*FILTERS[:2], listed]), ADA)
        guest = self.guest(made, locked_filters={"status": ["cancelled"]})
        answer = await engine.dashboards.filter_values(made.id, "segment", guest)
        asked = {
            "source": "orders",
            "dimensions": ["customer.segment"],
            "filters": [{"field": "status", "value": "cancelled"}],
            "order_by": ["customer_segment"],
        }
        expected = json.loads((await engine.answer_query(asked, ADA))[0].body(cached=False))["rows"]
        assert json.loads(answer.body(cached=False))["rows"] == expected, "not all of the table's"
        own = await engine.dashboards.filter_values(made.id, "status", guest)
        assert json.loads(own.body(cached=False))["rows"] == [["cancelled"]]

    async def test_one_widget_of_it(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(), ADA)
        guest = self.guest(made, widgets=frozenset({"orders"}))
        assert set(await shown(engine, made, guest)) == {"orders"}
        with pytest.raises(NotFoundError):
            await shown(engine, made, guest, widgets=["months"])
        with pytest.raises(DefinitionError):
            await shown(
                engine, made, guest, cross_filters=[{"widget": "statuses", "output": "status", "value": "paid"}]
            )

    async def test_the_saved_queries_of_its_owner(self, engine: PrismiqEngine) -> None:
        saved = await engine.saved_queries.create({"title": "Orders", "query": WIDGETS["orders"]}, ADA)
        widget = {"id": "saved", "type": "table", "saved_query": str(saved.id)}
        made = await engine.dashboards.create({"title": "Saved", "widgets": [widget]}, ADA)
        assert (await shown(engine, made, self.guest(made)))["saved"] == (await rows(engine, "orders"), ())

    async def test_guests_change_nothing(self, engine: PrismiqEngine) -> None:
        made = await engine.dashboards.create(board(visibility={"tenant": "edit"}), ADA)
        with pytest.raises(PermissionDeniedError):
            await engine.dashboards.update(made.id, {"title": "Mine"}, self.guest(made))
        with pytest.raises(PermissionDeniedError):
            await engine.dashboards.delete(made.id, self.guest(made).model_copy(update={"user": "ada"}))
        with pytest.raises(NotFoundError):
            await engine.dashboards.get(made.id, RequestContext(user="v", tenant="acme", guest=GuestGrant()))
        elsewhere = self.guest(made).model_copy(update={"tenant": "globex"})
        with pytest.raises(NotFoundError):
            await engine.dashboards.get(made.id, elsewhere)


class TestErrors:
    async def test_a_widget_that_fails_has_its_error_in_its_place(self, engine: PrismiqEngine, shop_dsn: str) -> None:
        made = await engine.dashboards.create(board(), ADA)
        connection = await asyncpg.connect(shop_dsn)
        await connection.execute("ALTER TABLE customers RENAME COLUMN segment TO kind")
        await connection.close()
        await engine.refresh_schema()
        found = await shown(engine, made)
        assert found["segments"][0] == "query_invalid"
        assert found["orders"] == (await rows(engine, "orders", SINCE), ())

    async def test_a_saved_query_that_is_gone(self, engine: PrismiqEngine) -> None:
        saved = await engine.saved_queries.create({"title": "Orders", "query": WIDGETS["orders"]}, ADA)
        widget = {"id": "saved", "type": "table", "saved_query": str(saved.id)}
        made = await engine.dashboards.create({"title": "Saved", "widgets": [widget]}, ADA)
        await engine.saved_queries.delete(saved.id, ADA)
        assert (await shown(engine, made))["saved"] == ("not_found", ())

    async def test_whoever_leaves_cancels_all(self, dsn: str, until: Any) -> None:
        watcher = await asyncpg.connect(dsn)
        await watcher.execute(
            "CREATE VIEW slow AS SELECT n AS id, pg_sleep(60)::text AS slept FROM generate_series(1, 9) n"
        )
        settings = Settings(max_concurrent_widgets=3)
        widgets = [
            {"id": f"w{n}", "type": "table", "query": {"source": "slow", "columns": ["id", "slept"], "limit": n}}
            for n in range(1, 8)
        ]

        async def running() -> int:
            return await watcher.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%slow.slept%' AND state = 'active' AND pid <> pg_backend_pid()"
            )

        async with PrismiqEngine(dsn, store=MemoryStore(), settings=settings) as engine:
            made = await engine.dashboards.create({"title": "Slow", "widgets": widgets}, ADA)
            task = asyncio.create_task(shown(engine, made))

            async def three() -> bool:
                return await running() == 3

            await until(three)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

            async def none() -> bool:
                return await running() == 0

            await until(none)
        await watcher.close()


async def test_equal_queries_are_asked_once(shop_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(share_scans_from=None)
    async with PrismiqEngine(shop_dsn, store=MemoryStore(), settings=settings) as engine:
        made = await engine.dashboards.create(board(filters=[]), ADA)
        asked: list[str] = []
        run = Database.run

        async def counted(self: Database, statement: Statement, *rest: Any) -> Any:
            asked.append(statement.sql)
            return await run(self, statement, *rest)

        monkeypatch.setattr(Database, "run", counted)
        assert len(await shown(engine, made)) == 5
        assert len(asked) == 4


async def test_a_batch(engine: PrismiqEngine) -> None:
    questions = {**WIDGETS, "wrong": {"source": "orders", "measures": ["nope"]}}
    async with aclosing(await engine.answer_queries(questions, ADA)) as answers:
        found = {each.name: each async for each in answers}
    assert set(found) == set(questions)
    assert isinstance(found["wrong"].error, PrismiqError)
    answer = found["orders"].answer
    assert answer is not None
    assert json.loads(answer.body(cached=False))["rows"] == await rows(engine, "orders")

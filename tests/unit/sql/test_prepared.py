"""A statement that is bound once for many: only where it can be no other."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NoReturn

import pytest

from prismiq.access import AccessPolicy, RequestContext, RowFilter, TablePolicy, scope
from prismiq.errors import ContextError
from prismiq.plan.definitions import UsableDefinitions
from prismiq.settings import Settings
from prismiq.sql.prepared import Bound
from prismiq.sql.questions import Questions
from unit.schemas import SHOP

POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={"orders": TablePolicy(rows=[RowFilter(column="items", attribute="items")])},
)
COUNT = b'{"source": "orders", "measures": ["count"], "filters": [{"field": "total", "operator": "gt", "value": 5}]}'
RECENT = b'{"source": "orders", "measures": ["count"], "filters": [{"field": "ordered_at", "operator": "in_period", "value": {"last": 3, "unit": "hour"}}]}'
DAILY = b'{"source": "orders", "measures": ["count"], "dimensions": [{"field": "ordered_at", "granularity": "day", "fill": true}], "filters": [{"field": "ordered_at", "operator": "in_period", "value": {"from": "2025-01-01", "to": "2025-03-01"}}]}'  # fmt: skip


def context(tenant: Any = "acme", items: Any = 1) -> RequestContext:
    return RequestContext(user="u", tenant=tenant, attributes={"items": items})


class Asking:
    """Whoever asks, by a clock that may not be looked at or moves on with every look."""

    def __init__(self, *, timeless: bool = False) -> None:
        self.questions = Questions(Settings(), UsableDefinitions())
        self.timeless = timeless
        self.looked = 0

    def clock(self) -> datetime:
        self.looked += 1
        return Timeless() if self.timeless else datetime(2026, 5, 5, self.looked, tzinfo=timezone.utc)

    def bound(self, question: bytes | dict[str, Any], caller: RequestContext, row_cap: int = 100) -> Bound:
        scoped = scope(SHOP, POLICY, caller)
        prepared = self.questions.prepare(question, scoped)
        return self.questions.bound.get(prepared, caller, row_cap=row_cap, clock=self.clock)


class Timeless(datetime):
    """A time that nobody may read."""

    def __new__(cls) -> Timeless:
        return super().__new__(cls, 2026, 1, 1, tzinfo=timezone.utc)

    def astimezone(self, *_: Any) -> NoReturn:
        raise AssertionError("the time was read")


def test_the_same_question_of_the_same_caller_is_bound_once() -> None:
    asking = Asking()
    first = asking.bound(COUNT, context())
    assert asking.bound(COUNT, context().model_copy(update={"user": "another"})) is first
    assert asking.looked == 1


@pytest.mark.parametrize(
    "other",
    [context("globex"), context(items=2), context(items=True), context("1"), context(1)],
    ids=["tenant", "attribute", "true is not 1", "text", "number"],
)
def test_each_value_of_a_context_has_a_statement_of_its_own(other: RequestContext) -> None:
    def outcome(asked: Asking, caller: RequestContext) -> str:
        try:
            return repr(asked.bound(COUNT, caller).statement.args)
        except ContextError as error:  # a tenant that does not fit the column
            return str(error)

    asking = Asking()
    for caller in (context(), context("1"), context(1), context(items=1), context(items=2)):
        outcome(asking, caller)
    assert outcome(asking, other) == outcome(Asking(), other)


def test_a_period_relative_to_now_moves_on() -> None:
    asking = Asking()
    first, second = (asking.bound(RECENT, context()) for _ in range(2))
    assert first.statement.args != second.statement.args
    assert first.key != second.key


def test_what_is_kept_never_read_the_time() -> None:
    assert Asking(timeless=True).bound(COUNT, context()).statement.args
    with pytest.raises(AssertionError, match="the time was read"):
        Asking(timeless=True).bound(RECENT, context())


def test_buckets_are_in_the_key() -> None:
    asking = Asking()
    first, second = (asking.bound(DAILY, context()) for _ in range(2))
    assert first.key == second.key
    assert hash(first.key) == hash(second.key)
    other = asking.bound(DAILY.replace(b"2025-03-01", b"2025-03-02"), context())
    assert other.key != first.key


def test_another_cap_is_another_statement() -> None:
    asking = Asking()
    assert asking.bound(COUNT, context(), 100).statement.args != asking.bound(COUNT, context(), 7).statement.args


def test_data_is_bound_each_time() -> None:
    """Nobody else gets the same object, so that keeping it would be for nothing."""
    asking = Asking()
    question = {"source": "orders", "measures": ["count"]}
    assert asking.bound(question, context()) is not asking.bound(question, context())
    assert asking.bound(question, context()).key == asking.bound(question, context()).key

"""The traps of `traps.py`: their SQL is the judge twice, of the engine with each optimisation on and off, and of the
oracle that judges everything else. Those of `query_traps.py` judge the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prismiq.access import RequestContext
from prismiq.errors import IssueCode, QueryError
from prismiq.query import QueryDefinition
from prismiq.schema.models import DatabaseSchema
from soundness.compare import assert_same
from soundness.database import CONFIGURATIONS, Caller, Connection
from soundness.oracle.fields import Expressions
from soundness.oracle.oracle import Oracle
from soundness.query_traps import QUERY_TRAPS
from soundness.traps import AGES, SHOP, TRAPS

EXPRESSIONS = Expressions(
    {AGES: lambda get: (get("customer.age") or 0) + (get("referrer.age") or 0)},
    {AGES: ("customer.age", "referrer.age")},
)


@pytest.fixture(scope="module")
def shop(connection: Connection) -> Iterator[DatabaseSchema]:
    connection.execute(f"BEGIN; {SHOP}")
    yield connection.schema("traps")
    connection.forget()


@pytest.mark.parametrize("passes", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
@pytest.mark.parametrize("name", [*TRAPS, *QUERY_TRAPS])
def test_engine_falls_into_no_trap(
    connection: Connection, shop: DatabaseSchema, name: str, passes: frozenset[str]
) -> None:
    trap = (TRAPS | QUERY_TRAPS)[name]
    caller = Caller(shop, trap.policy, RequestContext(user="u", attributes=trap.attributes))
    statement = caller.compile(QueryDefinition.model_validate(trap.question), passes)
    assert connection.fetch(statement.sql, *statement.args) == connection.fetch(trap.sql)


@pytest.mark.parametrize("name", [name for name, trap in TRAPS.items() if trap.policy is None])
def test_oracle_falls_into_no_trap(connection: Connection, shop: DatabaseSchema, name: str) -> None:
    rows = {
        table.ref: [
            dict(zip((column.name for column in table.columns), row, strict=True))
            for row in connection.fetch(f"SELECT * FROM traps.{table.name}")
        ]
        for table in shop.tables
    }
    answer = Oracle(shop, rows, EXPRESSIONS).answer(_named(TRAPS[name].question))
    assert_same(connection.fetch(TRAPS[name].sql), answer, name)


def _named(question: dict[str, Any]) -> QueryDefinition:
    """The definition with a name for every output, which the oracle wants."""
    definition = QueryDefinition.model_validate(question)
    parts: dict[str, list[Any]] = {
        kind: [
            part.model_copy(update={"name": part.name or f"{kind}_{number}"})
            for number, part in enumerate(getattr(definition, kind))
        ]
        for kind in ("dimensions", "columns", "measures")
    }
    return definition.model_copy(update=parts)


def test_empty_results_have_columns(shop: DatabaseSchema, connection: Connection) -> None:
    question = {"source": "orders", "columns": ["id", "customer.name"], "filters": {"field": "id", "value": 404}}
    statement = Caller(shop).compile(QueryDefinition.model_validate(question))
    assert connection.fetch(statement.sql, *statement.args) == []
    assert [column.name for column in statement.columns] == ["id", "customer_name"]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        # A table without a key whose rows a join would multiply: no answer, rather than a wrong one.
        (
            {
                "source": "visits",
                "dimensions": ["customer.orders_via_customer_id.status"],
                "measures": ["sum(seconds)"],
            },
            IssueCode.KEY_REQUIRED,
        ),
        # A filter on what is not there is not dropped.
        (
            {"source": "orders", "measures": ["count"], "filters": {"field": "stattus", "value": 1}},
            IssueCode.UNKNOWN_FIELD,
        ),
        ({"source": "orders", "columns": ["id"], "filters": {"field": "status", "value": None}}, IssueCode.NULL_VALUE),
        # Every item with every refund of its order answers nothing.
        ({"source": "orders", "columns": ["items.line", "refunds.id"]}, IssueCode.INDEPENDENT_BRANCHES),
        (
            {"source": "orders", "measures": [{"aggregate": "sum", "field": "items.quantity", "grain": "orders"}]},
            IssueCode.GRAIN_UNREACHABLE,
        ),
    ],
)
@pytest.mark.parametrize("passes", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_what_has_no_answer_is_refused(
    shop: DatabaseSchema, question: dict[str, Any], code: IssueCode, passes: frozenset[str]
) -> None:
    with pytest.raises(QueryError) as caught:
        Caller(shop).compile(QueryDefinition.model_validate(question), passes)
    assert [issue.code for issue in caught.value.issues] == [code]

"""No value of a caller's ever enters a plan or a compiled statement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from prismiq.access import AccessPolicy, RequestContext, RowFilter, TablePolicy, scope
from prismiq.plan import plan, render
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.sql import build
from unit.schemas import SHOP

POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={"orders": TablePolicy(rows=(RowFilter(column="region", attribute="regions", operator="in"),))},
)
WORDS = st.text(alphabet="qxzjwv'\"%_\\$:?", min_size=5, max_size=9).map(lambda text: f"secret{text}")
NUMBERS = st.integers(770_000_000, 779_999_999)
DATES = st.dates().map(lambda day: f"{7700 + day.year % 100:04}-{day.month:02}-{day.day:02}")


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A question with a secret in every position that takes a value."""

    def texts() -> list[str]:
        return draw(st.lists(WORDS, min_size=1, max_size=3))

    def number() -> int:
        return draw(NUMBERS)

    day, word = draw(DATES), draw(WORDS)
    quoted = word.replace("'", "''")
    period = {draw(st.sampled_from(["last", "next"])): draw(st.integers(7701, 7799)), "unit": "day"}
    filters: list[Any] = [
        {"field": "region", "value": word},
        {"field": "region", "operator": "in", "value": texts()},
        {"field": "region", "operator": "not_in", "value": texts(), "case_sensitive": False},
        {
            "field": "customer.name",
            "operator": draw(st.sampled_from(["contains", "ends_with", "regex"])),
            "value": word,
        },
        {"field": "region", "operator": "like", "value": f"{word}%"},
        {"field": "total", "operator": "between", "value": [number(), Decimal(number()) / 1000]},
        {"field": "tags", "operator": "has_any", "value": texts()},
        {"field": "extra", "value": {word: [word, number()]}},
        {"field": "ordered_at", "operator": "in_period", "value": period},
        {"field": "paid_at", "operator": "in_period", "value": {"from": day, "to": day}},
        {"field": "due_on", "operator": "gte", "value": day},
        {"field": "ordered_at", "operator": "in", "value": [day]},
        {"field": "order_items.quantity", "operator": "gt", "value": number()},
        {"not": {"exists": "refunds", "filters": {"field": "reason", "value": word}}},
        {"expression": f"case when region = '{quoted}' then total else {number()} end > {number()}"},
        {"expression": f"due_on + interval '{draw(st.integers(7701, 7799))} days' > ordered_at"},
    ]
    return {
        "source": "orders",
        "dimensions": ["status", {"name": "bucket", "expression": f"concat(region, '{quoted}')"}],
        "measures": [
            "count",
            {"aggregate": "percentile", "field": "total", "p": number() / 10**9},
            {"name": "some", "aggregate": "sum", "field": "total", "filters": {"field": "region", "value": word}},
        ],
        "calculations": [{"name": "more", "expression": f"count * {number()}"}],
        "filters": draw(st.permutations(filters)),
        "having": [{"field": "count", "operator": "lt", "value": number()}],
        "limit": draw(st.integers(77_001, 77_999)),
        "offset": draw(st.integers(77_001, 77_999)),
    }


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in (*_leaves(item), key)]
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list) else [value]


@settings(deadline=None, max_examples=50)
@given(definition=definitions(), tenant=WORDS, regions=st.lists(WORDS, min_size=1, max_size=3))
def test_nothing_of_the_caller_is_written(definition: dict[str, Any], tenant: str, regions: list[str]) -> None:
    context = RequestContext(user="secret-user", tenant=tenant, attributes={"regions": regions})
    scoped = scope(SHOP, POLICY, context)
    shape, values = split(QueryDefinition.model_validate(definition))
    planned = plan(shape, scoped)
    template = build(planned)
    for written in (template.sql, repr(template), render(planned), repr(planned), repr(shape)):
        assert "secret" not in written
        assert "77" not in written
    statement = template.bind(values, context, row_cap=100_000)
    bound = repr(statement.args)
    assert "secret" in bound
    assert tenant in _leaves(list(statement.args))
    assert "77" in bound

"""Metrics and dimensions of the configuration: what a use of one becomes, and what is told of a wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import ScopedSchema, scope
from prismiq.errors import ConfigurationError, IssueCode, QueryError
from prismiq.plan.definitions import define, usable
from prismiq.plan.expand import expand
from prismiq.query import QueryDefinition
from prismiq.query.expressions import parse_expression
from prismiq.query.filters import And, Condition, Exists, Filter, Not, Or
from prismiq.query.reroot import rerooted_expression, rerooted_filter
from prismiq.schema import SchemaConfiguration, apply
from prismiq.schema.models import DatabaseSchema
from unit.schemas import table

TABLES = (
    table("customers", "id bigint", "name text", "segment text?", "active boolean"),
    table(
        "orders", "id bigint", "customer_id bigint", "total numeric", "status text", "at timestamptz",
        links={"customer_id": "customers"},
    ),
    table("items", "id bigint", "order_id bigint", "quantity integer", "price numeric", links={"order_id": "orders"}),
    table(
        "parcels", "id bigint", "sender_id bigint", "receiver_id bigint",
        links={"sender_id": "customers", "receiver_id": "customers"},
    ),
    table("lonely", "id bigint", "market text"),
)  # fmt: skip
CONFIGURATION: dict[str, Any] = {
    "metrics": {
        "revenue": {
            "table": "items", "aggregate": "sum", "expression": "quantity * price", "label": "Turnover", "format": "currency",
            "filters": {"field": "order.status", "operator": "neq", "value": "draft"},
        },
        "orders_placed": {"table": "orders", "aggregate": "count"},
        "slow": {"table": "orders", "aggregate": "percentile", "field": "total", "p": 0.9},
    },
    "dimensions": {
        "market": {"table": "customers", "expression": "coalesce(segment, 'none')"},
        "month": {"table": "orders", "field": "at", "granularity": "month", "label": "Month of order"},
        "name": {"table": "customers", "field": "segment"},
    },
}  # fmt: skip


def database(configuration: dict[str, Any]) -> DatabaseSchema:
    return define(apply(DatabaseSchema(tables=TABLES)), SchemaConfiguration.load(configuration))


@pytest.fixture(scope="module")
def schema() -> ScopedSchema:
    return scope(database(CONFIGURATION), None, None)


def expanded(schema: ScopedSchema, **definition: Any) -> dict[str, Any]:
    return expand(QueryDefinition.model_validate(definition), schema, usable(schema)).to_json()


def refused(schema: ScopedSchema, **definition: Any) -> tuple[Any, IssueCode, str, str | None]:
    with pytest.raises(QueryError) as caught:
        expanded(schema, **definition)
    (issue,) = caught.value.issues
    return issue.loc, issue.code, issue.message, issue.hint


def test_a_metric_becomes_a_measure_behind_the_path(schema: ScopedSchema) -> None:
    own = {"field": "status", "value": "paid"}
    found = expanded(
        schema, source="orders", measures=["revenue", {"metric": "revenue", "name": "paid", "filters": own}]
    )
    path = ["orders", "items"]
    measure = {
        "aggregate": "sum",
        "expression": '"orders"."items".quantity * "orders"."items".price',
        "filters": {"field": {"path": [*path, "order", "status"]}, "operator": "neq", "value": "draft"},
        "grain": {"path": path},
        "name": "revenue",
        "label": "Turnover",
        "format": "currency",
    }
    assert found["measures"][0] == measure
    assert found["measures"][1] == {**measure, "name": "paid", "filters": {"and": [measure["filters"], own]}}


def test_a_count_counts_the_rows_of_its_table(schema: ScopedSchema) -> None:
    (measure,) = expanded(schema, source="customers", measures=["orders_placed"])["measures"]
    assert measure == {"aggregate": "count", "table": {"path": ["customers", "orders"]}, "name": "orders_placed"}


def test_a_dimension_comes_by_key_or_by_its_bare_name(schema: ScopedSchema) -> None:
    found = expanded(
        schema, source="orders", dimensions=["market", {"dimension": "month", "granularity": "year"}, "status"]
    )
    assert found["dimensions"] == [
        {"expression": 'coalesce("orders"."customer".segment, \'none\')', "name": "market", "label": "Market"},
        {"field": {"path": ["orders", "at"]}, "granularity": "year", "name": "month", "label": "Month of order"},
        {"field": "status"},
    ]


def test_a_column_of_the_source_wins_over_a_dimension(schema: ScopedSchema) -> None:
    assert expanded(schema, source="customers", dimensions=["name"])["dimensions"] == [{"field": "name"}]
    named = expanded(schema, source="customers", dimensions=[{"dimension": "name"}])["dimensions"]
    assert named[0]["field"] == {"path": ["customers", "segment"]}
    assert expanded(schema, source="orders", dimensions=["name"])["dimensions"][0]["name"] == "name"
    assert expanded(schema, source="lonely", columns=["market"])["columns"] == [{"field": "market"}]


def test_where_several_paths_lead_a_path_must_be_written(schema: ScopedSchema) -> None:
    loc, code, _, hint = refused(schema, source="parcels", dimensions=["market"])
    assert (loc, code) == (("dimensions", 0), IssueCode.AMBIGUOUS_PATH)
    assert hint == "Write the path: receiver, sender."
    found = expanded(schema, source="parcels", dimensions=[{"dimension": "market", "path": "receiver"}])
    assert '"parcels"."receiver".segment' in found["dimensions"][0]["expression"]


def test_a_path_must_lead_to_the_definitions_table(schema: ScopedSchema) -> None:
    assert refused(schema, source="orders", measures=[{"metric": "revenue", "path": "customer"}]) == (
        ("measures", 0, "path"),
        IssueCode.INVALID,
        '"revenue" is defined on items, and customer leads to customers.',
        "Write as `path` one that leads to items.",
    )


def test_no_path_is_an_error(schema: ScopedSchema) -> None:
    assert refused(schema, source="lonely", measures=["revenue"])[:2] == (("measures", 0), IssueCode.UNKNOWN_FIELD)


def test_an_unknown_name_is_told_with_what_is_near(schema: ScopedSchema) -> None:
    loc, code, message, hint = refused(schema, source="orders", measures=["revenu"])
    assert (loc, code) == (("measures", 0), IssueCode.UNKNOWN_AGGREGATE)
    assert message == 'There is no aggregate or metric "revenu".'
    assert (hint or "").startswith('Did you mean "revenue"? ')
    loc, code, message, hint = refused(schema, source="orders", dimensions=[{"dimension": "markt"}])
    assert (loc, code, message) == (
        ("dimensions", 0, "dimension"),
        IssueCode.UNKNOWN_FIELD,
        'There is no dimension "markt".',
    )
    assert (hint or "").startswith('Did you mean "market"? ')


def test_a_definition_without_names_stays_the_same(schema: ScopedSchema) -> None:
    definition = QueryDefinition.model_validate({"source": "orders", "dimensions": ["status"], "measures": ["count"]})
    assert expand(definition, schema, usable(schema)) is definition


def test_every_problem_is_told_at_once() -> None:
    wrong = {
        "metrics": {
            "sum": {"table": "orders", "aggregate": "sum", "field": "total"},
            "both": {"table": "orders", "aggregate": "count"},
            "no_table": {"table": "ordrs", "aggregate": "count"},
            "no_aggregate": {"table": "orders", "aggregate": "summ", "field": "total"},
            "no_column": {"table": "orders", "aggregate": "sum", "field": "totl"},
            "no_type": {"table": "orders", "aggregate": "sum", "field": "status"},
            "no_expression": {"table": "orders", "aggregate": "sum", "expression": "total +"},
            "untyped": {"table": "orders", "aggregate": "sum", "expression": "total + status"},
            "to_many": {"table": "orders", "aggregate": "sum", "expression": "items.quantity"},
            "bad_filter": {"table": "orders", "aggregate": "count", "filters": {"fild": "status", "value": 1}},
        },
        "dimensions": {
            "both": {"table": "orders", "field": "status"},
            "nothing": {"table": "orders"},
            "no_bucket": {"table": "orders", "field": "status", "granularity": "month"},
        },
    }
    with pytest.raises(ConfigurationError) as caught:
        database(wrong)
    lines = str(caught.value).splitlines()[1:]
    for start in (
        "metrics.sum: 'sum' is the name of an aggregate",
        "metrics.both: there is a dimension of this name, too",
        'metrics.no_table: There is no table "ordrs". Did you mean "orders"',
        'metrics.no_aggregate.aggregate: There is no aggregate "summ". Did you mean "sum"?',
        'metrics.no_column.field: "orders.totl" is not a field of orders. Did you mean "total"?',
        "metrics.no_type.aggregate: ",
        "metrics.no_expression.expression: ",
        "metrics.untyped.expression: ",
        "metrics.to_many.grain: A row of orders can have many rows",
        'metrics.bad_filter.filters.fild: "fild" is not known here. Did you mean "field"?',
        "dimensions.nothing: Name a `field` or an `expression`",
        "dimensions.no_bucket.granularity: ",
    ):
        assert any(line.startswith(f"- {start}") for line in lines), (start, lines)
    assert len(lines) == 12


@pytest.mark.parametrize("name", ["", "two words", "sum(x)", "1st", "a.b", "x" * 64])
def test_a_name_must_be_a_plain_word(name: str) -> None:
    with pytest.raises(ConfigurationError, match="metrics"):
        SchemaConfiguration.load({"metrics": {name: {"table": "orders", "aggregate": "count"}}})


def test_the_version_tells_definitions_apart() -> None:
    changed = {**CONFIGURATION, "metrics": {"revenue": {"table": "orders", "aggregate": "sum", "field": "total"}}}
    assert len({database(each).version for each in (CONFIGURATION, changed, {})}) == 3


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("a * b + a", '"p"."we ird".a * "p"."we ird".b + "p"."we ird".a'),
        ("coalesce(\"o d\".x, 'a')", 'coalesce("p"."we ird"."o d".x, \'a\')'),
        ("o.p.q.r.s.t = 1", '"p"."we ird".o.p.q.r.s.t = 1'),
        ("case when a then 'a' else b end", 'case when "p"."we ird".a then \'a\' else "p"."we ird".b end'),
        ("extract(year from at) + 1", 'extract(year from "p"."we ird".at) + 1'),
        ("a::numeric / 2", '"p"."we ird".a::numeric / 2'),
        ("date_trunc('month', a)", 'date_trunc(\'month\', "p"."we ird".a)'),
        ("ü || 'é' || z", '"p"."we ird".ü || \'é\' || "p"."we ird".z'),
        ("1 + 2", "1 + 2"),
    ],
)
def test_an_expressions_names_are_put_behind_a_path(text: str, behind: str) -> None:
    assert rerooted_expression(text, ("p", "we ird")) == behind
    assert names(parse_expression(behind)) == [("p", "we ird", *name) for name in names(parse_expression(text))]
    assert rerooted_expression(text, ()) == text


def names(part: Any) -> list[tuple[str, ...]]:
    if type(part).__name__ == "Name":
        return [part.path]
    if isinstance(part, tuple):
        return [name for each in part for name in names(each)]
    return [name for key in getattr(part, "__slots__", ()) for name in names(getattr(part, key))]


def test_a_filters_fields_are_put_behind_a_path() -> None:
    inner = Condition(field="q", value=1)
    before: Filter = And(
        and_=(
            Or(or_=(Condition(field="a.b", value=1), Not(not_=Condition(expression="a > 1")))),
            Exists(exists="items", filters=inner),
        )
    )
    found = rerooted_filter(before, ("p",))
    assert isinstance(found, And)
    assert found.model_dump(mode="json", by_alias=True, exclude_unset=True) == {
        "and": [
            {"or": [{"field": {"path": ["p", "a", "b"]}, "value": 1}, {"not": {"expression": '"p".a > 1'}}]},
            {"exists": {"path": ["p", "items"]}, "filters": {"field": "q", "value": 1}},
        ]
    }

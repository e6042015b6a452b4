"""Questions without a source: what each table answers by itself, as the oracle has it, merged in a dictionary."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prismiq.errors import QueryError
from prismiq.query import QueryDefinition
from prismiq.schema.models import DatabaseSchema, TableSchema
from soundness.compare import assert_same
from soundness.database import CONFIGURATIONS, Caller, Connection
from soundness.oracle.aggregates import APPROXIMATE
from soundness.oracle.answers import Answer
from soundness.oracle.oracle import Oracle
from soundness.oracle.stages import NoAnswerError, TooManyRowsError
from soundness.questions.words import AGGREGATES, GRANULARITIES
from soundness.test_soundness import EXAMPLES
from soundness.worlds import VALUES, World, meant, worlds

COUNTS = ("count", "count_distinct")
tried = {"answered": 0, "refused": 0}


@given(world=worlds(), data=st.data())
@settings(
    max_examples=max(EXAMPLES // 3, 10),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_tables_answer_together_as_each_by_itself(connection: Connection, world: World, data: st.DataObject) -> None:
    schema = connection.load(world)
    try:
        rows = {table.ref: [meant(row) for row in world.rows[table.name]] for table in schema.tables}
        for _ in range(4):
            whole, alone = data.draw(_questions(schema))
            _check(connection, Caller(schema), whole, alone, Oracle(schema, rows))
    finally:
        connection.forget()


def _check(
    connection: Connection, caller: Caller, whole: dict[str, Any], alone: list[dict[str, Any]], oracle: Oracle
) -> None:
    try:
        answers = [oracle.answer(QueryDefinition.model_validate(each)) for each in alone]
    except (NoAnswerError, TooManyRowsError):
        return
    expected = _merged(whole, alone, answers)
    definition = QueryDefinition.model_validate(whole)
    for name, passes in CONFIGURATIONS.items():
        told = f"{definition.to_json()}\noptimisations: {name}"
        try:
            statement = caller.compile(definition, passes)
        except QueryError as error:
            assert {issue.code.value for issue in error.issues} == {"key_required"}, f"{told}\n{error}"
            tried["refused"] += 1
            continue
        assert [column.name for column in statement.columns] == expected.columns, told
        assert_same(connection.fetch(statement.sql, *statement.args), expected, f"{told}\n{statement.sql}")
        tried["answered"] += 1


def _merged(whole: dict[str, Any], alone: list[dict[str, Any]], answers: list[Answer]) -> Answer:
    """One row for each combination of dimensions that some table has; a table that lacks it counts 0, else null."""
    keys, measures = len(whole["dimensions"]), whole["measures"]
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for asked, answer in zip(alone, answers, strict=True):
        names = [each["name"] for each in asked["measures"]]
        for row in answer.rows:
            groups.setdefault(row[:keys], {}).update(zip(names, row[keys:], strict=True))
    absent = {each["name"]: 0 if each["aggregate"] in COUNTS else None for each in measures}
    rows = [(*key, *(found.get(name, absent[name]) for name in absent)) for key, found in groups.items()]
    exact = [True] * keys + [each["aggregate"] not in [str(name) for name in APPROXIMATE] for each in measures]
    columns = [each["name"] for each in (*whole["dimensions"], *measures)]
    for place in reversed(range(keys)):  # the dimensions order the rows, nulls last
        rows = [
            *sorted((row for row in rows if row[place] is not None), key=lambda row: row[place]),
            *(row for row in rows if row[place] is None),
        ]
    return Answer(columns, exact, [[row] for row in rows])


Drawn = tuple[dict[str, Any], list[dict[str, Any]]]


@st.composite
def _questions(draw: st.DrawFn, schema: DatabaseSchema) -> Drawn:
    """A question to one to three tables at once, and the questions to each of them alone."""
    count = draw(st.sampled_from([1, 2, 2, 3]))
    tables = draw(st.lists(st.sampled_from(schema.tables), min_size=1, max_size=count, unique=True))
    dimensions, filters = [], []
    for number in range(draw(st.integers(0, 2))):
        column = draw(st.sampled_from(tuple(VALUES)))
        part: dict[str, Any] = {"name": f"d{number}", "fields": _fields(draw, schema, tables, column)}
        if column in GRANULARITIES and draw(st.booleans()):
            part["granularity"] = draw(st.sampled_from(GRANULARITIES[column]))
        dimensions.append(part)
    for _ in range(draw(st.integers(0, 1))):
        column = draw(st.sampled_from(("n", "i", "t")))
        condition = {
            "operator": draw(st.sampled_from(("neq", "gt", "lte"))),
            "value": draw(st.sampled_from(VALUES[column][1])),
        }
        filters.append({"fields": _fields(draw, schema, tables, column), **condition})
    measures = [
        (table, _measure(draw, schema, table, f"m{number}"))
        for number, table in enumerate([*tables, *([draw(st.sampled_from(tables))] if draw(st.booleans()) else [])])
    ]
    measures = draw(st.permutations(measures))
    whole = {
        "dimensions": dimensions,
        "filters": filters,
        "measures": [_begun(table, measure) for table, measure in measures],
    }
    alone = [
        {
            "source": f"world.{table.name}",
            "dimensions": [_of(table, each) for each in dimensions],
            "filters": [_of(table, each) for each in filters],
            "measures": [measure for owner, measure in measures if owner is table],
        }
        for table in tables
    ]
    return whole, alone


def _of(table: TableSchema, part: dict[str, Any]) -> dict[str, Any]:
    """A dimension or a condition as the table alone is asked for it."""
    rest = {key: value for key, value in part.items() if key != "fields"}
    return {**rest, "field": part["fields"][f"world.{table.name}"]}


def _begun(table: TableSchema, measure: dict[str, Any]) -> dict[str, Any]:
    """A measure whose path begins with its table."""
    key = "field" if "field" in measure else "table"
    rest = measure.get(key)
    return {**measure, key: f"world.{table.name}" + (f".{rest}" if rest else "")}


def _fields(draw: st.DrawFn, schema: DatabaseSchema, tables: list[TableSchema], column: str) -> dict[str, str]:
    """For each of the tables a to-one way to a column of that name."""
    return {f"world.{table.name}": _way(draw, schema, table, to_one=True) + column for table in tables}


def _way(draw: st.DrawFn, schema: DatabaseSchema, table: TableSchema, *, to_one: bool) -> str:
    names = ""
    for _ in range(draw(st.integers(0, 2))):
        steps = [each for each in table.relationships if each.to_one or not to_one]
        if not steps:
            break
        step = draw(st.sampled_from(steps))
        names += f"{step.name}."
        table = schema.by_ref[step.target]
    return names


def _measure(draw: st.DrawFn, schema: DatabaseSchema, table: TableSchema, name: str) -> dict[str, Any]:
    path = _way(draw, schema, table, to_one=False)
    if draw(st.integers(0, 2)) == 0:
        return {"name": name, "aggregate": "count", **({"table": path.removesuffix(".")} if path else {})}
    column = draw(st.sampled_from(("n", "i", "t")))
    aggregates = [each for each in AGGREGATES[column] if each not in ("percentile", "first", "last")]
    return {"name": name, "aggregate": draw(st.sampled_from(aggregates)), "field": path + column}


def test_enough_was_answered() -> None:
    assert tried["answered"] > 2 * tried["refused"]

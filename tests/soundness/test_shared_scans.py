"""Questions of the same rows: what one scan answers for all of them is what each answers by itself, digit by digit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prismiq.errors import QueryError
from prismiq.query import QueryDefinition
from prismiq.schema.models import DatabaseSchema, TableSchema
from soundness.database import Caller, Connection
from soundness.policies import accesses
from soundness.questions.filters import drawn_filter
from soundness.questions.questions import Drawer
from soundness.questions.words import NOWS
from soundness.test_soundness import EXAMPLES
from soundness.worlds import World, worlds

MEASURES: tuple[tuple[str, str | None], ...] = (
    ("count", None),
    ("count", "n"),
    *((function, column) for function in ("sum", "avg", "min", "max") for column in ("n", "i")),
    *((function, column) for function in ("min", "max") for column in ("d", "t", "m")),
    ("bool_and", "b"),
    ("bool_or", "b"),
)
tried: Counter[str] = Counter()


@dataclass(frozen=True)
class Asked:
    definitions: list[dict[str, Any]]
    now: datetime


@st.composite
def batches(draw: st.DrawFn, schema: DatabaseSchema) -> Asked:
    """Several questions to one table, under one condition: mostly of measures that add up, some of any kind."""
    source = draw(st.sampled_from(schema.tables))
    same: dict[str, Any] = {
        "source": f"world.{source.name}",
        "time_zone": draw(st.sampled_from(["UTC", "Europe/Rome"])),
    }
    if draw(st.booleans()):
        same["filters"] = drawn_filter(_drawer(draw, schema, source), 2, source)
    return Asked(
        [_question(draw, schema, source) | same for _ in range(draw(st.integers(2, 5)))], draw(st.sampled_from(NOWS))
    )


def _drawer(draw: st.DrawFn, schema: DatabaseSchema, source: TableSchema) -> Drawer:
    return Drawer(draw, schema, [source])


def _question(draw: st.DrawFn, schema: DatabaseSchema, source: TableSchema) -> dict[str, Any]:
    drawer = _drawer(draw, schema, source)
    if draw(st.integers(0, 3)) == 0:
        any_kind = drawer.definition()
        if not any_kind.keys() & {"joins", "columns", "compare"} and isinstance(any_kind["source"], str):
            return {key: value for key, value in any_kind.items() if key not in ("week_start", "fiscal_year_start")}
    dimensions = [drawer._dimension(f"d{n}", "") for n in range(draw(st.integers(0, 2)))]
    measures = [_measure(draw, f"m{n}") for n in range(draw(st.integers(1, 3)))]
    question: dict[str, Any] = {"dimensions": dimensions, "measures": measures}
    names = [each["name"] for each in (*dimensions, *measures)]
    question["order_by"] = [
        draw(st.sampled_from(["", "-"])) + name
        for name in draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    ]
    if draw(st.integers(0, 3)) == 0:
        question |= {"limit": draw(st.integers(1, 3)), "offset": draw(st.integers(0, 1))}
    by = [each["name"] for each in measures]
    if dimensions and draw(st.integers(0, 3)) == 0:
        ranked, other = draw(st.sampled_from(dimensions))["name"], {"other": "Other"} if draw(st.booleans()) else {}
        question["top"] = {"dimension": ranked, "by": draw(st.sampled_from(by)), "n": draw(st.integers(1, 2)), **other}
    elif len(dimensions) == 2 and draw(st.integers(0, 3)) == 0:
        question |= {"pivot": {"dimension": "d1"}, "order_by": []}
        question.pop("limit", None), question.pop("offset", None)
    if dimensions and "pivot" not in question and draw(st.integers(0, 3)) == 0:
        question["totals"] = draw(st.sampled_from(["grand", "rollup"]))
    if draw(st.integers(0, 4)) == 0:
        question["having"] = {"field": draw(st.sampled_from(by)), "operator": "is_not_null"}
    return question


def _measure(draw: st.DrawFn, name: str) -> dict[str, Any]:
    function, column = draw(st.sampled_from(MEASURES))
    measure: dict[str, Any] = {"name": name, "aggregate": function} | ({} if column is None else {"field": column})
    if draw(st.integers(0, 3)) == 0:
        measure["filters"] = {
            "field": "i",
            "operator": draw(st.sampled_from(["gt", "lte"])),
            "value": draw(st.integers(-2, 2)),
        }
    return measure


@given(world=worlds(), data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_one_scan_answers_as_each_by_itself(connection: Connection, world: World, data: st.DataObject) -> None:
    schema = connection.load(world)
    try:
        access = data.draw(accesses(world, schema))
        caller = Caller(schema, access.policy, access.context)
        for _ in range(4):
            _check(connection, caller, data.draw(batches(access.schema)))
    finally:
        connection.forget()


def _check(connection: Connection, caller: Caller, asked: Asked) -> None:
    definitions: list[QueryDefinition] = []
    for each in asked.definitions:
        definition = QueryDefinition.model_validate(each)
        try:
            caller.compile(definition, now=asked.now)
        except QueryError:
            tried["refused"] += 1
        else:
            definitions.append(definition)
    tried["asked"] += len(definitions)
    for places, statement in caller.together(definitions, asked.now):
        told = "\n".join(str(definitions[place].to_json()) for place in places) + f"\n{statement.sql}\n{statement.args}"
        found: list[list[Any]] = [[] for _ in places]
        for number, cells in connection.fetch(statement.sql, *statement.args):
            found[number].append(tuple(cells))
        for place, rows in zip(places, found, strict=True):
            alone = caller.compile(definitions[place], now=asked.now)
            expected = connection.fetch(alone.sql, *alone.args)
            tried["shared"] += 1
            tried["rows"] += len(rows)
            assert [repr(row) for row in rows] == [repr(row) for row in expected], (
                f"{definitions[place].to_json()}\n{told}"
            )


def test_enough_was_shared() -> None:
    if not tried:
        pytest.skip("it is about what the test above tried")
    print(dict(tried))
    assert tried["shared"] > tried["asked"] / 4
    assert tried["rows"] > tried["shared"]

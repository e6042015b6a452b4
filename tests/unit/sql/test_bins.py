"""The bins of numbers: which bounds make sense, and where PostgreSQL finds each kind of number."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from prismiq import PrismiqEngine, QueryDefinition, QueryError
from prismiq.errors import IssueCode
from prismiq.execution.encode import encode_json

TINY = Decimal("2.9999999999999999999999")  # less than 3, though a third of it is rounded to 1


async def _bins(dsn: str, type_: str, values: list[str], part: dict[str, Any]) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE TABLE numbers (id integer PRIMARY KEY, x {type_})")
        await connection.execute(
            f"INSERT INTO numbers SELECT n, x::{type_} FROM unnest($1::text[]) WITH ORDINALITY AS t (x, n)", values
        )
    finally:
        await connection.close()
    async with PrismiqEngine(dsn) as engine:
        columns = ["id", {"name": "bin", "field": "x", **part}]
        result = await engine.execute_query({"source": "numbers", "columns": columns, "order_by": "id"})
    assert [column.type for column in result.columns][1] == "numeric"
    return [row[1] for row in json.loads(encode_json(result), parse_float=Decimal)["rows"]]


@pytest.mark.parametrize(
    ("type_", "values", "part", "expected"),
    [
        ("numeric", [str(TINY), "3", "-0.1"], {"bins": {"width": 3}}, [0, 3, -3]),
        ("numeric", ["NaN", "Infinity", "-Infinity"], {"bins": {"width": 3}}, ["NaN", "Infinity", "-Infinity"]),
        ("numeric", ["NaN", "Infinity", "-Infinity"], {"edges": [0, 9]}, [9, 9, "-Infinity"]),
        ("double precision", ["0.3", "0.7", "-0.1"], {"bins": {"width": 0.1}}, ["0.3", "0.7", "-0.1"]),
        ("double precision", ["1e308", "-1e308", "5e-324"], {"bins": {"width": 2, "start": 1}}, None),
        ("real", ["0.7", "0.69", "NaN"], {"edges": [0, 0.7, 1]}, ["0.7", 0, 1]),
        ("smallint", ["-32768", "32767"], {"bins": {"width": 10}}, [-32770, 32760]),
        ("bigint", ["9223372036854775807"], {"bins": {"width": 10, "start": 1}}, [9223372036854775801]),
        ("integer", ["-1", "0", "5", "10"], {"bins": {"count": 2, "min": 0, "max": 10}}, ["-Infinity", 0, 5, 10]),
    ],
)
async def test_where_a_number_falls(
    dsn: str, type_: str, values: list[str], part: dict[str, Any], expected: list[Any] | None
) -> None:
    found = await _bins(dsn, type_, values, part)
    if expected is None:
        low, high = Decimal(2), Decimal(0)
        assert all(low > Decimal(value) - each >= high for value, each in zip(values, found, strict=True))
    else:
        assert found == [
            Decimal(each) if isinstance(each, str) and "n" not in each.lower() else each for each in expected
        ]


@pytest.mark.parametrize(
    ("part", "loc", "message"),
    [
        ({"edges": [1, 1]}, ("edges",), "ascend"),
        ({"edges": [2, 1]}, ("edges",), "ascend"),
        ({"edges": []}, ("edges",), "empty"),
        ({"edges": list(range(1001))}, ("edges",), "too long"),
        ({"edges": [True]}, ("edges", 0), "number"),
        ({"edges": ["many"]}, ("edges", 0), ""),
        ({"edges": [10**200]}, ("edges",), "100 digits"),
        ({"bins": {"width": 0}}, ("bins", "width"), ""),
        ({"bins": {"width": -1}}, ("bins", "width"), ""),
        ({"bins": {"width": Decimal("1e-200")}}, ("bins", "width"), "100 digits"),
        ({"bins": {"count": 10}}, ("bins",), "`min` and `max`"),
        ({"bins": {"count": 0, "min": 0, "max": 1}}, ("bins", "count"), "at least 1"),
        ({"bins": {"count": 3, "min": 1, "max": 1}}, ("bins",), "greater"),
        ({"bins": {"width": 1, "count": 3}}, ("bins",), "`width`"),
        ({"bins": {"width": 1}, "edges": [1]}, (), "one kind of bucket"),
        ({"bins": 5}, ("bins",), "object"),
    ],
)
async def test_what_makes_no_bins(
    shared_shop_dsn: str, part: dict[str, Any], loc: tuple[Any, ...], message: str
) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        with pytest.raises(QueryError) as caught:
            await engine.execute_query({"source": "orders", "dimensions": [{"field": "total", **part}]})
    (issue,) = caught.value.issues
    assert issue.loc == ("dimensions", 0, *loc), issue
    assert message in issue.message
    assert issue.hint


@pytest.mark.parametrize(
    ("field", "part", "hint"),
    [
        ("region", {"bins": {"width": 1}}, "Leave `bins` out."),
        ("due_on", {"edges": [1]}, "Give it a `granularity` instead."),
        ("total", {"granularity": "day"}, "Numbers have `bins` and `edges`."),
    ],
)
async def test_what_has_no_such_buckets(shared_shop_dsn: str, field: str, part: dict[str, Any], hint: str) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        (issue,) = await engine.validate_query({"source": "orders", "dimensions": [{"field": field, **part}]})
    assert (issue.code, issue.hint) == (IssueCode.TYPE_MISMATCH, hint)


async def test_values_do_not_make_another_statement(shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        texts = {
            (await engine.compile_query({"source": "orders", "dimensions": [{"field": "total", **part}]})).sql
            for part in ({"edges": [1]}, {"edges": [5, 6]}, {"bins": {"count": 9, "min": 0, "max": 1}})
        }
    assert len(texts) == 1


def test_a_definition_survives_json() -> None:
    definition = QueryDefinition.model_validate(
        {
            "source": "orders",
            "dimensions": [
                {"field": "total", "edges": [1, Decimal("0.1"), Decimal("12345678901234567890.12345")]},
                {"field": "total", "bins": {"width": 50, "start": Decimal("0.5")}},
            ],
            "week_start": "sunday",
            "fiscal_year_start": "April",
        }
    )
    data = definition.to_json()
    assert data["dimensions"][0]["edges"] == [1, 0.1, "12345678901234567890.12345"]
    assert (data["week_start"], data["fiscal_year_start"]) == ("sunday", 4)
    assert QueryDefinition.model_validate(json.loads(json.dumps(data))) == definition


@pytest.mark.parametrize(
    ("key", "value"), [("week_start", "someday"), ("fiscal_year_start", 13), ("fiscal_year_start", "smarch")]
)
async def test_no_such_calendar(shared_shop_dsn: str, key: str, value: object) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        (issue,) = await engine.validate_query({"source": "orders", "measures": ["count"], key: value})
    assert issue.loc == (key,)
    assert issue.hint

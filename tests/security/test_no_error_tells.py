"""An error must not tell of a row out of sight.

PostgreSQL takes conditions in the order of their cost, so a cheap one of the caller's may be computed for a row before a
dearer row rule has taken that row away. Where computing it can fail, the failure is an oracle: `total * 1e131068 > 0`
fails exactly when somebody's total is 10,000 or more. Here the others' rows are such that nearly everything fails for
them: the largest number of every type, the first and the last moment, a broken pattern.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from prismiq.access import AccessPolicy, RequestContext, RowFilter, TablePolicy
from prismiq.engine import PrismiqEngine
from prismiq.errors import DatabaseError, QueryError
from prismiq.query.expressions.functions import FUNCTIONS, PARTS, UNITS

BOMBS = """
CREATE TABLE bombs (
    id int PRIMARY KEY, region text NOT NULL, n numeric, b bigint, i int, s smallint, d double precision, r real,
    day date, wall timestamp, moment timestamptz, span interval, t text, flag boolean, j jsonb, items int[]
);
CREATE TABLE fuses (id int PRIMARY KEY, bomb_id int REFERENCES bombs, region text NOT NULL);
INSERT INTO bombs VALUES
    (1, 'EU', 5, 5, 5, 5, 5, 5, '2025-01-01', '2025-01-01', '2025-01-01', '1 day', '5', true, '{"a": "5"}', '{1}');
INSERT INTO bombs
    SELECT 10 + g, 'ZZ', repeat('9', 131072)::numeric, 9223372036854775807, 2147483647, 32767, 1.7e308, 3.4e38,
        '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '170000000 years',
        '(' || repeat('x', 100) || E'\\\\', false, '{"a": "9e999"}', '{2}'
    FROM generate_series(1, 20) g;
INSERT INTO bombs
    SELECT 50 + g, 'ZZ', -repeat('9', 131072)::numeric, -9223372036854775808, -2147483648, -32768, -1.7e308, -3.4e38,
        '4713-01-01 BC', '4713-01-01 BC', '4713-01-01 00:00:00+00 BC', '-170000000 years', '', NULL, '[]', '{}'
    FROM generate_series(1, 20) g;
INSERT INTO bombs
    SELECT 90 + g, 'ZZ', 'NaN', 0, 0, 0, 'NaN', 'Infinity', 'infinity', '-infinity', 'infinity', '0', NULL, NULL, 'null', NULL
    FROM generate_series(1, 20) g;
INSERT INTO fuses SELECT id, id, region FROM bombs;
CREATE TABLE sparks (LIKE bombs, bomb_id int NOT NULL REFERENCES bombs);
INSERT INTO sparks SELECT bombs.*, id FROM bombs;
ANALYZE;
"""
CALLER = RequestContext(user="u", attributes={"regions": ["EU", *(f"no region {n}" for n in range(7))]})
"""Of several regions, which makes the rule dearer than two operators."""
RULE = TablePolicy(rows=(RowFilter(column="region", attribute="regions", operator="in"),))
POLICY = AccessPolicy(tables={"bombs": RULE, "fuses": RULE, "sparks": TablePolicy(parent="bomb")})
ZONES = ("Asia/Tokyo", "America/New_York")
NUMBERS = ("n", "b", "i", "s", "d", "r", "1", "0.001", "1e300")
MOMENTS = ("day", "wall", "moment")
LATE = "'2020-01-01'"


def conditions() -> Iterator[str]:
    for left in NUMBERS[:6]:
        for right in NUMBERS:
            for operator in "+-*/%":
                yield f"{left} {operator} {right} > 0"
            yield f"{left} > {right} and {left} = {right}"
            yield f"coalesce({left}, {right}) > 0 or greatest({right}, {left}) > 0 or nullif({left}, {right}) is null"
            yield f"case when flag then {left} else {right} end > 0"
            yield f"{left} is distinct from {right} or {left} in ({right}, 1) or {left} between 1 and {right}"
        for kind in (
            "smallint",
            "integer",
            "bigint",
            "numeric",
            "numeric(10, 2)",
            "numeric(1000, 999)",
            "double precision",
        ):
            yield f"cast({left} as {kind}) > 0"
        for call in ("abs", "ceil", "floor", "round", "trunc", "sign", "-"):
            yield f"{call}({left}) > 0"
        for digits in ("0", "5", "-131072", "2147483647", "i"):
            yield f"round({left}, {digits}) > 0"
            yield f"trunc({left}, {digits}) > 0"
        yield f"mod({left}, 3) > 0"
        yield f"cast({left} as text) || 'x' = 'x'"
    for kind in ("smallint", "integer", "bigint", "numeric", "numeric(5, 2)", "double precision"):
        yield f"cast(t as {kind}) > 0"
        yield f"cast(j->>'a' as {kind}) > 0"
    for left in MOMENTS:
        for right in MOMENTS:
            yield f"{left} < {right} or {left} = {right}"
            yield f"coalesce({left}, {right}) > {LATE} or least({left}, {right}) > {LATE}"
            yield f"{left} - {right} is not null"
        for kind in ("date", "timestamp", "timestamptz", "text"):
            yield f"cast({left} as {kind}) is not null"
        # Far, but not too far for the caller's own row.
        for span in (
            "+ interval '200000 years'",
            "- interval '6000 years'",
            "+ interval '-1 second'",
            "+ span",
            "- span",
        ):
            yield f"{left} {span} > {LATE}"
        for unit in UNITS:
            if left != "day" or unit not in ("second", "minute", "hour"):
                yield f"date_trunc('{unit}', {left}) > {LATE}"
        for part in dict.fromkeys(PARTS.values()):
            if left != "day" or part not in ("second", "minute", "hour"):
                yield f"extract({part} from {left}) > 0"
    yield from (f"day + {days} > {LATE}" for days in ("1", "i", "b", "s", "1000000000"))
    yield from (f"day - {days} > {LATE}" for days in ("1", "i"))
    yield "day - day > 0"
    yield from (
        f"{span} > interval '1 day'"
        for span in ("span + span", "span - span", "-span", "wall - wall", "moment - moment")
    )
    yield from (f"extract({part} from span) > 0" for part in ("year", "epoch", "second"))
    for number in ("i", "b", "s", "-2147483648", "0", "2147483647"):
        yield f"left(t, {number}) = 'x' or right(t, {number}) = 'x'"
        yield f"substring(t, {number}, {number}) = 'x' or substring(t, {number}) = 'x'"
        yield f"split_part(t, 'x', {number}) = 'x'"
    yield "lower(t) = upper(t) or trim(t) = t or length(t) > 3 or strpos(t, 'x') > 1"
    yield "replace(t, 'x', 'yy') = concat(t, n, d, moment, flag)"
    yield "t like '%x' or t ilike '_x%'"
    yield "t ~ '^(a|b)*$' or t !~* 'x$'"
    yield "j->'a' is not null and j->0 is null"
    yield "cardinality(items) > 0"


FILTERS: list[dict[str, Any]] = [
    {"field": "moment", "operator": "in", "value": ["2025-01-01"]},
    {"field": "wall", "operator": "not_in", "value": ["2025-01-01"]},
    {"field": "moment", "value": "2025-01-01"},
    {"field": "moment", "operator": "in_period", "value": "last_month"},
    {"field": "day", "operator": "not_in_period", "value": {"last": 3, "unit": "year"}},
    {"field": "n", "operator": "gt", "value": "1e131071"},
    {"field": "d", "operator": "between", "value": [-1e308, 1e308]},
    {"field": "r", "operator": "in", "value": [1.5, 3e38]},
    {"field": "b", "operator": "lt", "value": 1.5},
    {"field": "t", "operator": "regex", "value": "^(a|b)*$"},
    {"field": "t", "operator": "ilike", "value": "%x"},
    {"field": "j", "operator": "has_any", "value": ["a"]},
    {"field": "items", "operator": "has_all", "value": [1]},
    {"field": "bomb.n", "operator": "gt", "value": 0},
]  # fmt: skip


def test_every_published_function_is_tried() -> None:
    tried = " ".join(conditions())
    assert [name for name in FUNCTIONS if f"{name}(" not in tried] == []


@pytest.fixture
async def bombs(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    await connection.execute(BOMBS)
    yield connection
    await connection.close()


async def test_the_bombs_are_live(bombs: asyncpg.Connection) -> None:
    """In this database PostgreSQL does compute the caller's condition first, where nothing holds it back."""
    text = "SELECT FROM (SELECT * FROM bombs WHERE region = ANY ($1::text[])) AS bombs WHERE n * n > 0"
    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        await bombs.fetch(text, CALLER.attributes["regions"])


@pytest.mark.parametrize("zone", ZONES)
async def test_no_error_in_a_filter_tells_of_others(bombs: asyncpg.Connection, dsn: str, zone: str) -> None:
    """Read directly, through a join and inside EXISTS: the caller's own row is as harmless as can be."""
    told: list[str] = []
    answered = 0
    filters = [
        *({"expression": text} for text in conditions()),
        *(each for each in FILTERS if "." not in each["field"]),
    ]
    async with PrismiqEngine(dsn, policy=POLICY) as engine:
        for number, each in enumerate(filters):
            questions: list[dict[str, Any]] = [{"source": "bombs", "columns": ["id"], "filters": each}]
            if number % 5 == 0:
                questions += [
                    {"source": "fuses", "columns": ["id"], "filters": {"exists": "bomb", "filters": each}},
                    {
                        "source": "fuses",
                        "measures": [{"aggregate": "count", "filters": {"exists": "bomb", "filters": each}}],
                    },
                    {"source": "bombs", "measures": [{"aggregate": "count", "filters": each}], "filters": each},
                    {"source": "bombs", "dimensions": ["id"], "measures": ["count(fuses.id)"], "filters": each},
                ]
            for question in questions:
                try:
                    await engine.execute_query({**question, "time_zone": zone}, CALLER)
                    answered += 1
                except QueryError:
                    continue  # refused before PostgreSQL hears of it: "there is no such cast"
                except DatabaseError as error:
                    told.append(f"{question}: {str(error.__cause__)[:60]}")
    assert told == [], "\n".join(told)
    assert answered > 500


async def test_nor_of_rows_whose_parent_is_out_of_sight(bombs: asyncpg.Connection, dsn: str) -> None:
    """The rule is a semi-join then, which PostgreSQL would rather do last."""
    text = (
        "SELECT FROM sparks WHERE n * n > 0 AND EXISTS (SELECT FROM bombs WHERE bombs.id = bomb_id AND region = 'EU')"
    )
    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        await bombs.fetch(text)
    told: list[str] = []
    answered = 0
    async with PrismiqEngine(dsn, policy=POLICY) as engine:
        for text in conditions():
            question = {"source": "sparks", "measures": ["count"], "filters": {"expression": text}}
            try:
                assert (await engine.execute_query(question, CALLER)).rows[0][0] in (0, 1)
                answered += 1
            except QueryError:
                continue
            except DatabaseError as error:
                told.append(f"{text}: {str(error.__cause__)[:60]}")
    assert told == [], "\n".join(told)
    assert answered > 300


@pytest.mark.parametrize("zone", ZONES)
async def test_nor_does_one_in_an_output(bombs: asyncpg.Connection, dsn: str, zone: str) -> None:
    """What is computed of the rows that are left, and a condition on it, which PostgreSQL may move down to the table."""
    told: list[str] = []
    fields = (
        "n * n",
        "d * d",
        "day + i",
        "wall + span",
        "moment + span",
        "cast(day as timestamp)",
        "n / 0.001",
        "span + span",
    )
    async with PrismiqEngine(dsn, policy=POLICY) as engine:
        questions: list[dict[str, Any]] = [
            {"source": "bombs", "dimensions": [{"field": field, "granularity": granularity}], "measures": ["count"]}
            for field in MOMENTS
            for granularity in ("day", "week", "quarter", "year", "month_of_year", "day_of_week")
        ]
        for text in fields:
            output = {"name": "x", "expression": text}
            questions += [
                {"source": "bombs", "columns": [output], "order_by": ["x"]},
                {"source": "bombs", "dimensions": [output], "having": {"field": "x", "operator": "is_not_null"}},
                {"source": "bombs", "dimensions": ["id", output], "having": {"expression": "x is not null and id > 0"}},
                {
                    "source": "bombs",
                    "measures": [{"aggregate": "count", **output}],
                    "having": {"field": "x", "value": 1},
                },
            ]
        for question in questions:
            try:
                await engine.execute_query({**question, "time_zone": zone}, CALLER)
            except DatabaseError as error:
                told.append(f"{question}: {str(error.__cause__)[:60]}")
    assert told == [], "\n".join(told)

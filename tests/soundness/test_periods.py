"""Empty buckets and compared periods over rows that lie close together in time, where clocks are set anew.

The random worlds of `test_soundness` rarely have two rows in neighbouring hours or in both of two periods; here is one
table that has, and only questions about its time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prismiq.plan import PASSES
from prismiq.query import QueryDefinition
from soundness.compare import assert_same
from soundness.database import Caller, Connection
from soundness.oracle.oracle import Oracle
from soundness.oracle.stages import TooManyRowsError
from soundness.questions.words import RELATIVE
from soundness.test_soundness import EXAMPLES, QUICK
from soundness.worlds import SCHEMA, VALUES, Table, World

QUESTIONS = 6
tried: Counter[str] = Counter()
ANCHORS = (
    ("Europe/Berlin", "2025-03-30T01:00"),
    ("Europe/Berlin", "2025-10-26T01:00"),
    ("America/New_York", "2024-11-03T06:00"),
    ("Australia/Lord_Howe", "2025-04-05T15:00"),  # back by half an hour
    ("Australia/Lord_Howe", "2025-10-04T15:30"),
    ("Asia/Beirut", "2025-03-29T22:00"),  # no midnight
    ("America/Havana", "2025-11-02T05:00"),  # two midnights
    ("America/St_Johns", "2010-11-07T02:31"),  # back into the day before
    ("Asia/Kolkata", "2024-02-29T10:00"),
    ("UTC", "2025-03-01T00:00"),
    ("Pacific/Apia", "2011-12-30T10:00"),  # a day is left out
)
"""A zone, and an instant at which something happens in it."""
SCALES = {
    "second": timedelta(seconds=90),
    "minute": timedelta(minutes=70),
    "hour": timedelta(hours=30),
    "day": timedelta(days=20),
    "week": timedelta(days=40),
    "month": timedelta(days=200),
    "quarter": timedelta(days=500),
    "year": timedelta(days=1500),
    "day_of_week": timedelta(days=10),
    "hour_of_day": timedelta(hours=20),
    "day_of_month": timedelta(days=40),
}
"""How far from that instant rows lie, where the questions are about that granularity."""
CLOCK = ("second", "minute", "hour", "hour_of_day")
TO = ("previous_period", "previous_year", "previous_period", "previous_year", "period")
TABLE = Table("t0", ("id",), "PRIMARY KEY", ())


@dataclass(frozen=True)
class Series:
    """Rows around an instant, in a zone, and the granularity they are dense for."""

    zone: str
    granularity: str
    anchor: datetime
    world: World


@st.composite
def series(draw: st.DrawFn) -> Series:
    zone, text = draw(st.sampled_from(ANCHORS))
    granularity = draw(st.sampled_from(tuple(SCALES)))
    anchor = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    random = Random(draw(st.integers(0, 2**32)))
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.sampled_from((60, 30, 3, 0)))):
        moment = anchor + SCALES[granularity] * random.uniform(-1, 1)
        if random.random() < 0.3:
            moment = anchor + (moment - anchor) // timedelta(minutes=30) * timedelta(minutes=30)
        if random.random() < 0.4:
            moment -= timedelta(days=random.choice((365, 366)))
        wall = moment.replace(tzinfo=None)
        there = random.random() > 0.05
        rows.append(
            dict.fromkeys(VALUES)
            | {
                "id": number,
                "t": random.choice(("a", "b", None)),
                "n": random.choice((None, -5, 2, 7)),
                "i": random.choice((None, -3, 0, 4)),
                "b": random.random() < 0.5,
                "d": wall.date() if there else None,
                "m": moment if there else None,
                "w": wall if there else None,
            }
        )
    return Series(zone, granularity, anchor, World((TABLE,), {"t0": rows}))


@st.composite
def questions(draw: st.DrawFn, given_: Series) -> tuple[dict[str, Any], datetime]:
    column = draw(st.sampled_from("mw" if given_.granularity in CLOCK else "dmw"))
    time_ = {"name": "when", "field": column, "granularity": given_.granularity}
    if draw(st.booleans()):
        time_["fill"] = True
    dimensions = [time_] if draw(st.integers(0, 5)) else []
    if draw(st.booleans()):
        dimensions.insert(draw(st.integers(0, len(dimensions))), {"name": "t", "field": "t"})
    aggregates = draw(st.lists(st.sampled_from(("sum", "avg", "max", "count_distinct", "median")), max_size=2))
    measures = [{"name": "rows", "aggregate": "count"}]
    measures += [{"name": f"m{n}", "aggregate": each, "field": "n"} for n, each in enumerate(aggregates)]
    asked: dict[str, Any] = {"source": f"{SCHEMA}.t0", "dimensions": dimensions, "measures": measures}
    now = given_.anchor + SCALES[given_.granularity] * draw(st.sampled_from((-0.5, 0.1, 0.3, 3)))
    compares = draw(st.integers(0, 3)) > 0
    if compares or draw(st.booleans()):
        asked["filters"] = [{"field": column, **draw(_bounds(given_, column))}]
    if compares:
        to: Any = draw(st.sampled_from(TO))
        if to == "period":
            to = draw(_bounds(given_, column, period=True))["value"]
        asked["compare"] = {"field": column, "to": to}
    if draw(st.integers(0, 4)) == 0:
        asked["having"] = {"field": "rows", "operator": "gte", "value": 1}
    asked["time_zone"] = given_.zone
    if draw(st.integers(0, 2)) == 0:
        asked["week_start"] = draw(st.sampled_from(("sunday", "wednesday")))
        asked["fiscal_year_start"] = draw(st.sampled_from((2, 4, 12)))
    return asked, now


@st.composite
def _bounds(draw: st.DrawFn, given_: Series, column: str, *, period: bool = False) -> dict[str, Any]:
    """A condition's operator and value that bound the column within the time that rows lie in."""
    scale = SCALES[given_.granularity]
    if given_.granularity not in CLOCK and not period and draw(st.integers(0, 2)) == 0:
        return {"operator": "in_period", "value": draw(st.sampled_from(RELATIVE))}
    low = given_.anchor + scale * draw(st.sampled_from((-0.9, -0.5, -0.1, 0)))
    high = low + scale * draw(st.sampled_from((0.02, 0.3, 0.8, 1.2)))
    ends: list[Any] = [low, high]
    whole = draw(st.sampled_from(("day", "month", "hour", "none"))) if given_.granularity not in CLOCK else "hour"
    if column == "w":
        ends = [each.replace(tzinfo=None) for each in ends]
    if whole == "hour":
        ends = [each.replace(minute=0, second=0, microsecond=0) for each in ends]
    if column == "d" or whole in ("day", "month"):
        ends = [each.date() for each in ends]
    if whole == "month":
        ends = [each.replace(day=1) for each in ends]
    if draw(st.booleans()) and not period:
        return {"operator": "between", "value": ends}
    return {"operator": "in_period", "value": dict(zip(("from", "to"), ends, strict=True))}


@given(given_=series(), data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate] if QUICK else list(Phase),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_time_is_filled_and_compared_as_by_the_oracle(
    connection: Connection, given_: Series, data: st.DataObject
) -> None:
    schema = connection.load(given_.world)
    try:
        caller = Caller(schema)
        for _ in range(QUESTIONS):
            asked, now = data.draw(questions(given_))
            definition = QueryDefinition.model_validate(asked)
            oracle = Oracle(schema, {schema.tables[0].ref: given_.world.rows["t0"]}, now=now)
            try:
                expected = oracle.answer(definition)
            except TooManyRowsError:
                continue
            for passes in (PASSES, frozenset[str]()):
                statement = caller.compile(definition, passes, now)
                told = f"{definition.to_json()}\n{now}\n{statement.sql}\n{statement.args}"
                assert [column.name for column in statement.columns] == expected.columns, told
                assert_same(connection.fetch(statement.sql, *statement.args), expected, told)
            tried["questions"] += 1
            tried["rows"] += len(expected.rows)
            if definition.compare is not None and "rows__previous" in expected.columns:
                place = expected.columns.index("rows__previous")
                tried["both periods"] += any(row[place] and row[place - 1] for row in expected.rows)
    finally:
        connection.forget()


def test_enough_was_tried() -> None:
    print(dict(sorted(tried.items())))
    assert tried["rows"] > 3 * tried["questions"]
    assert tried["both periods"] > tried["questions"] / 100

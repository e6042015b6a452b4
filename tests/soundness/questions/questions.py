"""Random questions to a world: paths in both directions, several grains, filters everywhere, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import strategies as st

from prismiq.query import Aggregate
from prismiq.schema.models import DatabaseSchema, TableRef, TableSchema
from soundness.oracle.aggregates import APPROXIMATE
from soundness.oracle.oracle import Evaluate, Expressions
from soundness.questions import combined
from soundness.worlds import VALUES

NUMERIC = ("n", "i")
ANY = ("first", "last", "array_agg")
AGGREGATES: dict[str, tuple[str, ...]] = {
    "t": ("count", "count_distinct", "min", "max", "string_agg", "string_agg", *ANY),
    "n": (
        "sum",
        "sum",
        "avg",
        "min",
        "max",
        "median",
        "percentile",
        "stddev",
        "variance",
        "count",
        "count_distinct",
        *ANY,
    ),
    "i": ("sum", "sum", "avg", "min", "max", "median", "stddev", "count", *ANY),
    "b": ("bool_and", "bool_or", "count", *ANY),
    "d": ("min", "max", "count_distinct", *ANY),
    "m": ("min", "max", "count", *ANY),
    "w": ("min", "max", "count_distinct", *ANY),
    "s": ("min", "max", "count", *ANY),
}
COMPARISONS = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "not_in", "between", "not_between")
DAYS = ("day", "week", "month", "quarter", "year", "day_of_week", "day_of_month", "month_of_year", "quarter_of_year")
CLOCK = ("second", "minute", "hour", "hour_of_day")
GRANULARITIES = {"d": DAYS, "m": (*CLOCK, *DAYS), "w": (*CLOCK, *DAYS), "s": (*CLOCK, *DAYS)}
BINS: tuple[dict[str, Any], ...] = (
    {"bins": {"width": 2}},
    {"bins": {"width": Decimal("0.5"), "start": Decimal("-0.25")}},
    {"bins": {"width": 10**19, "start": 7}},
    {"bins": {"width": Decimal("0.75"), "start": 100}},
    {"bins": {"count": 4, "min": -3, "max": 3}},
    {"edges": [0]},
    {"edges": [Decimal("-2.25"), 1, 2, Decimal("50.1"), 99999999999999999999]},
)
PATTERNS = ("contains", "not_contains", "starts_with", "ends_with", "like", "ilike")
OPERATORS = {
    "t": ("eq", "neq", "gt", "lte", "in", "not_in", "between", *PATTERNS, *PATTERNS[:4]),
    "b": ("eq", "neq", "in", "not_in"),
    **dict.fromkeys("dmws", (*COMPARISONS, "in_period", "not_in_period")),
}


RELATIVE: tuple[Any, ...] = (
    "today",
    "this_week",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
    "month_to_date",
    "year_to_date",
    {"last": 7, "unit": "day"},
    {"last": 3, "unit": "month"},
    {"last": 2, "unit": "year"},
)
NOWS = tuple(
    datetime.fromisoformat(f"{text}+00:00")
    for text in ("2025-12-31T23:40:00", "2025-03-31T10:00:00", "2025-10-26T01:00:00", "2024-02-29T22:30:00")
)
"""The clock against which a question is asked."""
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
)


@dataclass(frozen=True)
class Question:
    """A definition as JSON data, and what its expressions compute."""

    definition: dict[str, Any]
    expressions: Expressions
    now: datetime


@st.composite
def questions(draw: st.DrawFn, schema: DatabaseSchema, sizes: Mapping[TableRef, int]) -> Question:
    """Any question to the schema, mostly to tables that have rows."""
    drawer = Drawer(draw, schema, [table for table in schema.tables for _ in range(1 + min(sizes[table.ref], 4))])
    definition = drawer.definition()
    return Question(definition, Expressions(drawer.evaluate, drawer.fields), draw(st.sampled_from(NOWS)))


class Drawer:
    def __init__(self, draw: st.DrawFn, schema: DatabaseSchema, sources: list[TableSchema]) -> None:
        self.draw = draw
        self.schema = schema
        self.sources = sources
        self.joined: dict[str, TableSchema] = {}
        self.around: list[TableSchema] = []
        self.source: TableSchema = draw(st.sampled_from(sources))
        self.evaluate: dict[str, Evaluate] = {}
        self.fields: dict[str, tuple[str, ...]] = {}

    def inside(self) -> Drawer:
        """One that draws a question inside this one."""
        inner = Drawer(self.draw, self.schema, self.sources)
        inner.evaluate, inner.fields = self.evaluate, self.fields
        return inner

    def definition(self) -> dict[str, Any]:
        draw = self.draw
        question: dict[str, Any] = {"source": f"world.{self.source.name}"}
        if draw(st.integers(0, 5)) == 0:
            question["source"] = {"query": combined.nested(self)}
            self.source = combined.as_table(self, "query")
        if draw(st.integers(0, 4)) == 0:
            question["joins"] = combined.joins(self)
        if draw(st.integers(0, 3)) == 0:
            way = self.path()
            question["columns"] = [self._dimension(f"c{n}", way) for n in range(draw(st.integers(1, 3)))]
            sortable = [part["name"] for part in question["columns"]]
            sortable.append(self.path(1) + draw(st.sampled_from(tuple(VALUES))))
        else:
            count = draw(st.sampled_from([0, 1, 1, 1, 2, 2]))
            question["dimensions"] = [self._dimension(f"d{n}") for n in range(count)]
            least = 0 if question["dimensions"] else 1
            question["measures"] = [self._measure(f"m{n}") for n in range(draw(st.integers(least, 3)))]
            sortable = [part["name"] for part in (*question["dimensions"], *question["measures"])]
            exact = [part["name"] for part in question["measures"] if Aggregate(part["aggregate"]) not in APPROXIMATE]
            if question["dimensions"] and exact and draw(st.integers(0, 2)) == 0:
                question["top"] = self._top([part["name"] for part in question["dimensions"]], exact)
            if question["dimensions"] and question["measures"] and draw(st.integers(0, 2)) == 0:
                question["totals"] = draw(st.sampled_from(["grand", "rollup"]))
            if question["measures"] and draw(st.integers(0, 3)) == 0:
                question["having"] = self._having(draw(st.sampled_from(question["measures"])))
        order = draw(st.lists(st.sampled_from(sortable), max_size=2, unique=True))
        question["order_by"] = [draw(st.sampled_from(["", "-"])) + name for name in order]
        if draw(st.integers(0, 4)) < 2:
            question["filters"] = self.filter(2, self.source)
        if question.keys() & {"top", "totals"}:  # what they make of periods the cases show
            for part in question["dimensions"]:
                part.pop("fill", None)
        elif question.get("measures") and draw(st.integers(0, 2)) == 0:
            self._compare(question)
        for part in question.get("dimensions", ()):
            if part.get("field") == question.get("compare", {}).get("field"):
                continue
            clock = part.get("granularity") in ("second", "minute", "hour")
            if part.get("fill") and (clock or draw(st.booleans())):
                question["filters"] = [*self._filled(part), *([question["filters"]] if "filters" in question else [])]
        question["time_zone"] = draw(st.sampled_from(ZONES))
        if draw(st.booleans()):
            question["week_start"] = draw(st.sampled_from(("monday", "wednesday", "saturday", "sunday")))
            question["fiscal_year_start"] = draw(st.sampled_from((1, 2, 3, 4, 7, 11, "december")))
        return question

    def _top(self, dimensions: list[str], measures: list[str]) -> dict[str, Any]:
        top: dict[str, Any] = {
            "dimension": self.draw(st.sampled_from(dimensions)),
            "n": self.draw(st.sampled_from([1, 1, 2, 3])),
            "by": self.draw(st.sampled_from(measures)),
            "descending": self.draw(st.booleans()),
        }
        if self.draw(st.booleans()):
            top["other"] = self.draw(st.sampled_from(["Other", "a"]))
        return top

    def _having(self, measure: dict[str, Any]) -> dict[str, Any]:
        if measure["aggregate"] in ("count", "count_distinct"):
            return {"field": measure["name"], "operator": "gte", "value": self.draw(st.integers(0, 2))}
        return {"not": {"field": measure["name"], "operator": self.draw(st.sampled_from(["is_null", "is_not_null"]))}}

    def path(self, longest: int = 3, start: TableSchema | None = None) -> str:
        """A way from the source or another table, with a dot at its end where it leads anywhere."""
        table, names = start or self.source, ""
        # Inside `exists` the names are those of the related table, which may be the source's own.
        if table is self.source and self.joined and not self.around and self.draw(st.booleans()):
            names = self.draw(st.sampled_from(tuple(self.joined)))
            table, names = self.joined[names], f"{names}."
        for _ in range(self.draw(st.integers(0, longest))):
            if not table.relationships:
                break
            step = self.draw(st.sampled_from(table.relationships))
            names += f"{step.name}."
            table = self.schema.by_ref[step.target]
        return names

    def _dimension(self, name: str, way: str | None = None) -> dict[str, Any]:
        """A dimension, or a column that is mostly somewhere along the way that others are."""
        if self.draw(st.integers(0, 5)) == 0:
            return {"name": name, "expression": self._expression()}
        column = self.draw(st.sampled_from(tuple(VALUES)))
        path = self.path() if way is None else "".join(way.partition(".")[: 2 * self.draw(st.integers(0, 1))])
        if way and self.draw(st.booleans()):
            path = way
        part: dict[str, Any] = {"name": name, "field": path + column}
        if column in GRANULARITIES and self.draw(st.booleans()):
            part["granularity"] = self.draw(st.sampled_from(GRANULARITIES[column]))
            if way is None and self.draw(st.booleans()):
                part["fill"] = True
        if column in NUMERIC and self.draw(st.booleans()):
            part |= self.draw(st.sampled_from(BINS))
        return part

    def _filled(self, dimension: dict[str, Any]) -> list[dict[str, Any]]:
        """Conditions that bound the range of a dimension that is filled: hours and finer within a few hours."""
        bounds = self._bounds(dimension["field"], dimension["granularity"])
        if self.draw(st.integers(0, 3)) == 0:
            day = self.draw(st.sampled_from(VALUES["d"][1]))
            bounds.append({"field": dimension["field"], "operator": "lte", "value": day})
        return bounds

    def _compare(self, question: dict[str, Any]) -> None:
        """Compares by a field that mostly is a dimension, too, and bounds it at the top level alone."""
        times = [part for part in question["dimensions"] if part.get("field", "?")[-1] in GRANULARITIES]
        if times and self.draw(st.integers(0, 5)) > 0:
            field = self.draw(st.sampled_from(times))["field"]
        else:
            field = self.path(1) + self.draw(st.sampled_from(tuple(GRANULARITIES)))
        for part in question["dimensions"]:
            if part.get("field") == field and field[-1] != "d":
                part.setdefault("granularity", "day")
        granularities = [part.get("granularity") for part in question["dimensions"] if part.get("field") == field]
        finest = next((each for each in ("second", "minute", "hour") if each in granularities), "day")
        bounds = self._bounds(field, finest)
        to: Any = self.draw(st.sampled_from(["previous_period", "previous_year", "period"]))
        if to == "period":
            to = self._bounds(field, finest, only=0)[0]["value"]
        elif finest == "day" and self.draw(st.integers(0, 2)) == 0:
            bounds = [{"field": field, "operator": "in_period", "value": self.draw(st.sampled_from(RELATIVE))}]
        question["compare"] = {"field": field, "to": to}
        if "filters" in question:  # out of the top level, so that the field has one period
            bounds.append({"not": {"not": question["filters"]}})
        question["filters"] = bounds

    def _bounds(self, field: str, granularity: str, only: int | None = None) -> list[dict[str, Any]]:
        """Conditions that bound a field on both sides."""
        values: list[Any] = list(VALUES[field[-1]][1])
        low = self.draw(st.sampled_from(values))
        length = {"second": timedelta(minutes=20), "minute": timedelta(hours=7), "hour": timedelta(days=2)}
        high = low + length.get(granularity, timedelta(days=self.draw(st.sampled_from((0, 1, 40, 400)))))
        if field[-1] != "d":
            high += timedelta(microseconds=self.draw(st.sampled_from((-1, 0, 1))))
            if self.draw(st.booleans()):
                low -= timedelta(seconds=self.draw(st.sampled_from((1, 1800, 3600))))
            if self.draw(st.booleans()):
                low, high = low.date(), high.date()
        if not isinstance(low, datetime) and granularity == "day" and self.draw(st.integers(0, 2)) == 0:
            low, high = low.replace(day=1), high.replace(day=1)
        match self.draw(st.integers(0, 3)) if only is None else only:
            case 0:
                conditions: list[dict[str, Any]] = [{"operator": "in_period", "value": {"from": low, "to": high}}]
            case 1:
                conditions = [{"operator": "between", "value": [low, high]}]
            case 2:
                conditions = [{"operator": "gt", "value": low}, {"operator": "lte", "value": high}]
            case _:
                conditions = [{"operator": "gte", "value": low}, {"operator": "lt", "value": high}]
        return [{"field": field, **condition} for condition in conditions]

    def _measure(self, name: str) -> dict[str, Any]:
        kind = self.draw(st.sampled_from(["rows", "field", "field", "field", "expression"]))
        part: dict[str, Any] = {"name": name}
        if kind == "rows":
            part["aggregate"] = "count"
            path = self.path().removesuffix(".")
            if path:
                part["table"] = path
        elif kind == "expression":
            part |= {
                "aggregate": self.draw(st.sampled_from(("sum", "avg", "max", "count"))),
                "expression": self._expression(),
            }
        else:
            column = self.draw(st.sampled_from(tuple(VALUES)))
            path = self.path()
            part |= {"aggregate": self.draw(st.sampled_from(AGGREGATES[column])), "field": path + column}
            if path and self.draw(st.integers(0, 3)) == 0:
                above = path.removesuffix(".").split(".")[: -1 if self.draw(st.booleans()) else None]
                part["grain"] = ".".join(above) or self.source.name
        if part["aggregate"] in ("first", "last") or (
            part["aggregate"] in ("array_agg", "string_agg") and self.draw(st.booleans())
        ):
            part["order_by"] = self._measure_order(part)
        if part["aggregate"] == "string_agg" and self.draw(st.booleans()):
            part["separator"] = self.draw(st.sampled_from(("", "; ", "2025-01-01", "%", "'")))
        if part["aggregate"] == "percentile":
            part["p"] = self.draw(st.sampled_from((0.0, 0.25, 0.9, 1.0)))
        if self.draw(st.integers(0, 2)) == 0:
            part["filters"] = self.filter(1, self.source)
        return part

    def _measure_order(self, measure: dict[str, Any]) -> list[str]:
        """Fields of the grain's own rows, mostly; else of those on the way, or of any."""
        grain = measure.get("grain", measure["field"][:-1]).removesuffix(".")
        own = "" if grain in ("", self.source.name) else f"{grain}."
        ways = [own, own, own, own.rpartition(".")[0].rpartition(".")[0], ""]
        keys: list[str] = []
        for _ in range(self.draw(st.sampled_from((1, 1, 2)))):
            way = self.draw(st.sampled_from(ways))
            if self.draw(st.integers(0, 9)) == 0:
                way = self.path()
            dot = "." if way and not way.endswith(".") else ""
            keys.append(self.draw(st.sampled_from(("", "-"))) + way + dot + self.draw(st.sampled_from(tuple(VALUES))))
        return keys

    def filter(self, depth: int, start: TableSchema) -> Any:
        kinds = ["leaf", "leaf", "and", "or", "not", *(["exists"] if start.relationships else [])]
        kind = self.draw(st.sampled_from(kinds if depth else kinds[:1]))
        if kind == "leaf":
            return self._condition(start)
        if kind == "not":
            return {"not": self.filter(depth - 1, start)}
        if kind == "exists":
            return self._exists(depth, start)
        return {kind: [self.filter(depth - 1, start) for _ in range(self.draw(st.sampled_from([1, 2, 2, 3, 0])))]}

    def _exists(self, depth: int, start: TableSchema) -> dict[str, Any]:
        table, names = start, list[str]()
        for _ in range(self.draw(st.integers(1, 2))):
            step = self.draw(st.sampled_from(table.relationships))
            names.append(step.name)
            table = self.schema.by_ref[step.target]
        part: dict[str, Any] = {"exists": ".".join(names)}
        if self.draw(st.booleans()):
            self.around.append(start)
            part["filters"] = self.filter(depth - 1, table)
            self.around.pop()
        return part

    def _condition(self, start: TableSchema) -> dict[str, Any]:
        if start is self.source and self.draw(st.integers(0, 6)) == 0:
            value = self.draw(st.sampled_from((0, 1, Decimal("1.5"))))
            operator = self.draw(st.sampled_from(("eq", "gt", "lte")))
            return {"expression": self._expression(), "operator": operator, "value": value}
        column = self.draw(st.sampled_from(tuple(VALUES)))
        part: dict[str, Any] = {"field": self.path(start=start) + column}
        if self.draw(st.integers(0, 4)) == 0:
            return part | {"operator": self.draw(st.sampled_from(["is_null", "is_not_null"]))}
        if self.draw(st.integers(0, 5)) == 0:
            return part | combined.compared_with_field(self, column, start)
        if self.draw(st.integers(0, 7)) == 0:
            return part | combined.compared_with_query(self, column)
        operator = self.draw(st.sampled_from(OPERATORS.get(column, COMPARISONS)))
        if column == "t":
            part["case_sensitive"] = self.draw(st.booleans())
        return part | {"operator": operator, "value": self._compared(column, operator)}

    def _compared(self, column: str, operator: str) -> Any:
        """One value, a list, a pair or a period. A date stands for the whole day that a moment is compared with."""
        values: list[Any] = list(VALUES["m" if column == "s" else column][1])
        if operator in ("like", "ilike"):
            values = ["a", "A%", "%\\%", "_\\__", "%\\\\%", "%'%", ""]
        if column in "mws":
            days = sorted({moment.date() for moment in values})
            values = days if operator in ("in", "not_in") and self.draw(st.booleans()) else values
            if operator not in ("in", "not_in"):
                values += days
        one = st.sampled_from(values)
        if operator in ("in", "not_in"):
            return self.draw(st.lists(one, max_size=3))
        if "between" in operator:
            return [self.draw(one), self.draw(one)]
        if "period" in operator:
            ends = self.draw(st.sampled_from([("from",), ("to",), ("from", "to")]))
            return {end: self.draw(one) for end in ends}
        return self.draw(one)

    def _expression(self) -> str:
        first, second = (self.path(2) + self.draw(st.sampled_from(NUMERIC)) for _ in range(2))
        make = self.draw(st.sampled_from(EXPRESSIONS))
        text, evaluate, fields = make(first, second)
        self.evaluate[text] = evaluate
        self.fields[text] = fields
        return text


def _null_safe(compute: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], Decimal | None]:
    """Arithmetic with every digit, null where either side is."""

    def computed(a: Any, b: Any) -> Decimal | None:
        with localcontext() as context:
            context.prec = 120
            return None if a is None or b is None else compute(Decimal(a), Decimal(b))

    return computed


Made = tuple[str, Evaluate, tuple[str, ...]]


def _product(a: str, b: str) -> Made:
    return f"{a} * {b}", lambda get: _null_safe(lambda x, y: x * y)(get(a), get(b)), (a, b)


def _difference(a: str, b: str) -> Made:
    return f"{a} - {b}", lambda get: _null_safe(lambda x, y: x - y)(get(a), get(b)), (a, b)


def _fallback(a: str, _: str) -> Made:
    return f"coalesce({a}, 7)", lambda get: Decimal(7) if get(a) is None else get(a), (a,)


def _case(a: str, b: str) -> Made:
    def evaluate(get: Callable[[str], Any]) -> Any:
        value = get(a)
        return get(b) if value is not None and value > 1 else Decimal(0)

    return f"case when {a} > 1 then {b} else 0 end", evaluate, (a, b)


EXPRESSIONS = (_product, _difference, _fallback, _case)

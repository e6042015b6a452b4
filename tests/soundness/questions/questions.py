"""Random questions to a world: paths in both directions, several grains, filters everywhere, pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from prismiq.query import Aggregate
from prismiq.schema.models import DatabaseSchema, TableRef, TableSchema
from soundness.oracle.aggregates import APPROXIMATE
from soundness.oracle.fields import Evaluate, Expressions
from soundness.questions import combined
from soundness.questions.expressions import expression
from soundness.questions.filters import drawn_filter
from soundness.questions.measures import having, measure, top
from soundness.questions.periods import compare, filled
from soundness.questions.words import BINS, GRANULARITIES, NOWS, NUMERIC, ZONES
from soundness.worlds import VALUES


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
            question["measures"] = [measure(self, f"m{n}") for n in range(draw(st.integers(least, 3)))]
            sortable = [part["name"] for part in (*question["dimensions"], *question["measures"])]
            exact = [part["name"] for part in question["measures"] if Aggregate(part["aggregate"]) not in APPROXIMATE]
            if question["dimensions"] and exact and draw(st.integers(0, 2)) == 0:
                question["top"] = top(self, [part["name"] for part in question["dimensions"]], exact)
            if question["dimensions"] and question["measures"] and draw(st.integers(0, 2)) == 0:
                question["totals"] = draw(st.sampled_from(["grand", "rollup"]))
            if question["measures"] and draw(st.integers(0, 3)) == 0:
                question["having"] = having(self, draw(st.sampled_from(question["measures"])))
        order = draw(st.lists(st.sampled_from(sortable), max_size=2, unique=True))
        question["order_by"] = [draw(st.sampled_from(["", "-"])) + name for name in order]
        if draw(st.integers(0, 4)) < 2:
            question["filters"] = drawn_filter(self, 2, self.source)
        if question.keys() & {"top", "totals"}:  # what they make of periods the cases show
            for part in question["dimensions"]:
                part.pop("fill", None)
        elif question.get("measures") and draw(st.integers(0, 2)) == 0:
            compare(self, question)
        for part in question.get("dimensions", ()):
            if part.get("field") == question.get("compare", {}).get("field"):
                continue
            clock = part.get("granularity") in ("second", "minute", "hour")
            if part.get("fill") and (clock or draw(st.booleans())):
                question["filters"] = [*filled(self, part), *([question["filters"]] if "filters" in question else [])]
        question["time_zone"] = draw(st.sampled_from(ZONES))
        if draw(st.booleans()):
            question["week_start"] = draw(st.sampled_from(("monday", "wednesday", "saturday", "sunday")))
            question["fiscal_year_start"] = draw(st.sampled_from((1, 2, 3, 4, 7, 11, "december")))
        return question

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
            return {"name": name, "expression": expression(self)}
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

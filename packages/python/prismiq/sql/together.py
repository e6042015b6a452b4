"""Several questions in one statement, whose rows are made of one scan: see `prismiq.plan.sharing`.

A row is the number of its question, and the question's own row as a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.access.context import RequestContext
from prismiq.access.scope import ScopedSchema
from prismiq.calendars import ISO, Clock
from prismiq.plan.expressions import Starts
from prismiq.plan.group_counts import GroupCounts, Statistics
from prismiq.plan.lower.fast_buckets import with_fast_buckets
from prismiq.plan.nodes import QueryPlan, Shared
from prismiq.plan.passes import PASSES
from prismiq.plan.question import Question
from prismiq.plan.sharing import Cube, plan_together, shareable
from prismiq.plan.trees import walk
from prismiq.query.pooled import Pool, Posed, same_rows
from prismiq.query.shape import Values
from prismiq.schema.models import TableRef
from prismiq.schema.types import EXACT, MOMENTS, DataType
from prismiq.sql.builder import Builder, share
from prismiq.sql.parameters import Computed, Parameters
from prismiq.sql.questions import Prepared
from prismiq.sql.template import Template, compiled, told

MOST_GROUPS = 100_000
"""Of a cube: with more its groups take longer to read again than the rows that they save."""

ROWS_PER_GROUP = 20
"""A cube's groups are so many times fewer than the rows of the table."""

Tell = Callable[[Computed], object]
"""Computes from the values that are bound; None where it cannot be told."""

_AS_RECORDS = EXACT | MOMENTS | {DataType.BOOLEAN, DataType.REAL, DataType.DOUBLE, DataType.TEXT, DataType.UUID}
"""The types that a driver reads within a record; enums go as texts."""


@dataclass(slots=True)
class Scan:
    """Questions that one statement answers: their places among those that were given, and the statement's template."""

    places: tuple[int, ...]
    template: Template
    values: Values
    failed: bool = field(default=False)
    """Whether it was tried and could not be run: each is then asked by itself."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is known where questions are put together.

    Of tables with fewer rows than `from_rows` nothing is shared; with 0 everything is that can be, worth it or not."""

    scoped: ScopedSchema
    context: RequestContext | None
    now: datetime
    row_cap: int
    max_tables: int
    from_rows: int


def tables_to_share(prepared: Sequence[Prepared], asking: Asking) -> frozenset[TableRef]:
    """The large tables of which several of the questions read the same rows, and those joined to them."""
    found: set[TableRef] = set()
    for places in _same_rows(prepared):
        tables = frozenset[TableRef]().union(*(prepared[place].template.tables for place in places))
        schemas = [asking.scoped.tables[ref].schema for ref in tables if ref in asking.scoped.tables]
        if any((each.row_estimate or 0) >= asking.from_rows for each in schemas):
            found |= tables
    return frozenset(found)


def scans_of(prepared: Sequence[Prepared], asking: Asking, statistics: Statistics) -> list[Scan]:
    """Which of the questions to answer together, at least two each."""
    return [
        scan
        for places in _same_rows(prepared)
        for scan in _SameRows({place: prepared[place] for place in places}, asking, statistics).scans()
    ]


def _same_rows(prepared: Sequence[Prepared]) -> list[list[int]]:
    """The places of those that are asked of the same rows."""
    asked = [place for place, each in enumerate(prepared) if not each.is_large and _is_read(each.template)]
    return [[asked[each] for each in group] for group in same_rows([_posed(prepared[place]) for place in asked])]


def _is_read(template: Template) -> bool:
    """Whether the driver reads the rows where they are records."""
    return all(column.type in _AS_RECORDS or column.type is DataType.ENUM for column in template.columns)


def _posed(prepared: Prepared) -> Posed:
    template = prepared.template
    assert template.shape is not None, "a question's template has its shape"
    return Posed(template.shape, prepared.values, Clock(template.time_zone, template.calendar))


class _SameRows:
    """Questions of the same rows, by their places."""

    def __init__(self, prepared: Mapping[int, Prepared], asking: Asking, statistics: Statistics) -> None:
        self._prepared = prepared
        self._asking = asking
        self._statistics = statistics
        self._pool = Pool()

    def scans(self) -> Iterator[Scan]:
        """The cubes that are worth it: as few as there can be, none with too many groups."""
        for cube, places in self._cubes():
            if len(places) > 1:
                scan = self._scan(cube, places)
                if scan is not None:
                    yield scan

    def _cubes(self) -> list[tuple[Cube, tuple[int, ...]]]:
        asking, pool = self._asking, self._pool
        shapes = {place: pool.shape_of(_posed(each)) for place, each in self._prepared.items()}
        found = {place: shareable(each, asking.scoped, max_tables=asking.max_tables) for place, each in shapes.items()}
        values = pool.values()

        def tell(bound: Computed) -> object:
            return told(bound, values, asking.context, asking.now)

        alone = {place: Cube.of(_faster(each, tell)) for place, each in found.items() if each is not None}
        counts = self._counts(tell)
        cubes: list[tuple[Cube, tuple[int, ...]]] = []
        for place in sorted(alone, key=lambda place: -counts(alone[place])):
            if counts(alone[place]) > self._most(alone[place]):
                continue
            for number, (cube, places) in enumerate(cubes):
                wider = cube.with_question(alone[place].questions[0])
                if wider is not None and counts(wider) <= self._most(wider):
                    cubes[number] = (wider, (*places, place))
                    break
            else:
                cubes.append((alone[place], (place,)))
        return cubes

    def _counts(self, tell: Tell) -> Callable[[Cube], float]:
        def starts(bound: Starts) -> int | None:
            found = tell(bound)
            return len(cast("Sequence[object]", found)) if isinstance(found, Sequence) else None

        def counts(cube: Cube) -> float:
            return GroupCounts(cube.instances, self._statistics, starts).at_most(cube.dimensions)

        return counts

    def _most(self, cube: Cube) -> float:
        """How many groups a cube may have."""
        if self._asking.from_rows == 0:
            return inf
        source = cube.questions[0]
        rows = source.instances[source.source].table.schema.row_estimate or 0
        return min(MOST_GROUPS, rows / ROWS_PER_GROUP) if rows >= self._asking.from_rows else 0

    def _scan(self, cube: Cube, places: tuple[int, ...]) -> Scan | None:
        pages: list[tuple[int, int]] = []
        for place in places:
            values = self._prepared[place].values
            most = self._asking.row_cap
            limit = most + 1 if values.limit is None or values.limit > most else values.limit
            pages.append((self._pool.add(limit), self._pool.add(values.offset)))
        found = plan_together(cube, pages)
        return None if found is None else Scan(places, _built(*found), self._pool.values())


def _faster(question: Question, tell: Tell) -> Question:
    """The question with fast buckets, where the values allow all of them."""
    faster = with_fast_buckets(question, PASSES)
    parts = (part for each in faster.dimensions for part in walk(each.expression))
    return question if any(isinstance(each, Computed) and tell(each) is None for each in parts) else faster


def _built(cube: Shared, plans: Sequence[QueryPlan]) -> Template:
    parameters = Parameters()
    of_cube = Builder(QueryPlan(cube.input, (), "UTC"), parameters, shared := [])
    share(cube, of_cube.statement(), shared)
    parts = [_part(number, plan, Builder(plan, parameters, shared)) for number, plan in enumerate(plans)]
    # The rows come part by part: one that reads a CTE is never run beside another.
    united: sa.CompoundSelect[Any] = sa.union_all(*parts)
    sql, bound = compiled(united, parameters)
    return Template(sql, bound, (), "UTC", (), ISO, frozenset(parameters.tables))


def _part(number: int, plan: QueryPlan, builder: Builder) -> sa.SelectBase:
    rows = builder.statement().subquery(f"answer_{number + 1}")
    types = [column.type for column in plan.outputs]
    cells: list[sa.ColumnElement[Any]] = [
        sa.cast(cell, pg.TEXT()) if types[place : place + 1] == [DataType.ENUM] else cell
        for place, cell in enumerate(rows.c)
    ]
    question: sa.ColumnElement[Any] = sa.literal_column(str(number))
    return sa.select(question.label("question"), sa.func.row(*cells).label("cells"))

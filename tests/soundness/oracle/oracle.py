"""What a query means, as a program over lists: the specification that the engine is judged by.

It follows the five steps of the documentation's page on queries word for word, with loops where the engine has joins:
build the joined rows (joined.py), keep those that pass (filters.py), group them (grouped.py, by_period.py; listed.py
for row queries), compute each measure over the distinct rows of its grain (measures.py), then having, order and page.
It shares no code with the planner, and it is slow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from prismiq.query import Dimension, Measure
from prismiq.query.definition import NestedQuery, QueryDefinition
from prismiq.query.fields import segments
from prismiq.schema.models import DatabaseSchema, TableRef, TableSchema
from soundness.oracle.aggregates import Clock
from soundness.oracle.answers import Answer
from soundness.oracle.by_period import ByPeriod
from soundness.oracle.fields import Expressions, Fields
from soundness.oracle.filters import Filters, compared
from soundness.oracle.grouped import Grouped
from soundness.oracle.joined import Ground, Row
from soundness.oracle.listed import Listed
from soundness.oracle.nested import CLOCK, derived_table, page


class Oracle:
    """Answers definitions over data that is already reduced to what the caller may see.

    Relationships go by their full names here, and every dimension, column and measure has a name of its own.
    """

    def __init__(
        self,
        schema: DatabaseSchema,
        data: Mapping[TableRef, Sequence[Row]],
        expressions: Expressions | None = None,
        now: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc),
    ) -> None:
        self.now = now
        self.schema = schema
        self.data = data
        self.expressions = expressions or Expressions()
        self.inner: list[tuple[Oracle, QueryDefinition]] = []
        self._answers: dict[int, list[Any]] = {}

    def answer(self, definition: QueryDefinition) -> Answer:
        """The result without `limit` and `offset`. Raises NoAnswerError for what no engine can answer."""
        self.definition = definition
        self.ground = self._ground(definition)
        self.fields = Fields(self.ground, self.expressions)
        clock = Clock.of(definition)
        filters = Filters(self.fields, clock, self.now, self._values)
        own = [each.filters for each in definition.measures if isinstance(each, Measure)]
        for query in (query for each in (definition.filters, definition.having, *own) for query in compared(each)):
            self._values(query)  # one without an answer is refused, whether any row comes to it or not
        if definition.columns:
            return Listed(self.fields, filters, clock).answer(definition)
        by_period = definition.compare is not None or any(
            each.fill for each in definition.dimensions if isinstance(each, Dimension)
        )
        return (ByPeriod if by_period else Grouped)(self.fields, filters, clock).answer(definition)

    def _ground(self, definition: QueryDefinition) -> Ground:
        """The source and the explicit joins, which are tables or the answers of queries."""
        source = definition.source
        if isinstance(source, NestedQuery):
            table, rows = self._nested(source.query, definition, source.alias)
        else:
            table, rows = self._named(source)
        ground = Ground(self.schema, self.data, table, rows)
        for join in definition.joins:
            if join.query is None:
                table, rows = self._named(join.table)
            else:
                table, rows = self._nested(join.query, definition, str(join.alias))
            ground.add(join, table, rows)
        return ground

    def _named(self, reference: Any) -> tuple[TableSchema, Sequence[Row]]:
        table = self.schema.by_ref[self.schema.candidates(segments(reference))[0]]
        return table, self.data[table.ref]

    def _nested(self, query: QueryDefinition, around: QueryDefinition, alias: str) -> tuple[TableSchema, list[Row]]:
        """A query's answer as a table and its rows. It tells time as the one around it, unless it says how."""
        clock = {name: getattr(query, name) or getattr(around, name) for name in CLOCK}
        query = query.model_copy(update=clock)
        inner = Oracle(self.schema, self.data, self.expressions, self.now)
        answer = inner.answer(query)
        self.inner += [(inner, query), *inner.inner]
        rows = [dict(zip(answer.columns, row, strict=True)) for row in page(answer.runs, query)]
        return derived_table(alias, answer.columns, query, inner.ground), rows

    def _values(self, query: QueryDefinition) -> list[Any]:
        """What a query of one output answers."""
        if id(query) not in self._answers:
            _, rows = self._nested(query, self.definition, "")
            self._answers[id(query)] = [value for row in rows for value in row.values()]
        return self._answers[id(query)]

    def may_need_key(self, definition: QueryDefinition, *, optimised: bool) -> bool:
        """Whether an engine may refuse for want of a key.

        Without its optimisations it may wherever rows of a table without one are counted or listed. With all of them
        only where what groups them multiplies them: what filters, and what other measures read, must not stand in the
        way, and rows are listed as often as they are there.
        """
        if any(oracle.may_need_key(query, optimised=optimised) for oracle, query in self.inner):
            return True
        fields, ground = self.fields, self.ground
        grouped = {path for each in definition.dimensions for path in fields.read(each)}
        if ground.joins:  # of which more may multiply
            grouped = fields.paths(definition)
        counted = [fields.grain(each) for each in definition.measures if isinstance(each, Measure)]
        if definition.columns and ground.joins:
            counted = fields.listed(definition)
        if not optimised:
            return any(ground.table(path).key is None for path in (*counted, *fields.listed(definition)))
        return any(
            ground.table(grain).key is None
            and not all(ground.to_one(grain, each) for each in ground.closed({*grouped, grain}))
            for grain in counted
        )

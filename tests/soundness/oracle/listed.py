"""Row queries: one row for each combination of the source's rows with those of the listed paths."""

from __future__ import annotations

from typing import Any

from prismiq.query import Dimension
from prismiq.query.definition import QueryDefinition
from soundness.oracle.aggregates import Clock, part_of
from soundness.oracle.answers import Answer, order_of, sorted_runs
from soundness.oracle.fields import Fields
from soundness.oracle.filters import Filters
from soundness.oracle.stages import NoAnswerError


class Listed:
    """Answers definitions with columns."""

    def __init__(self, fields: Fields, filters: Filters, clock: Clock) -> None:
        self.fields = fields
        self.filters = filters
        self.clock = clock

    def answer(self, definition: QueryDefinition) -> Answer:
        columns = [each for each in definition.columns if isinstance(each, Dimension)]
        listed = self.fields.listed(definition)
        joins = self.fields.ground.closed(self.fields.ground.joins) if self.fields.ground.joins else []
        if not any(all(self.fields.ground.follows(other, path, *joins) for other in listed) for path in listed):
            raise NoAnswerError("independent_branches")
        order = order_of(definition)
        if not all(
            any(self.fields.ground.to_one(path, other) for path in listed) for other in self.fields.sorting(definition)
        ):
            raise NoAnswerError("independent_branches")
        found: dict[tuple[int | None, ...], tuple[list[Any], tuple[Any, ...]]] = {}
        for joined in self.filters.kept(definition):
            identity = tuple(None if joined[path] is None else id(joined[path]) for path in listed)
            row = {str(each.name): part_of(each, self.fields.value(joined, each), self.clock) for each in columns}
            keys = [row[str(each.field)] if each.field in row else self.fields.value(joined, each) for each in order]
            found.setdefault(identity, (keys, tuple(row.values())))
        names = [str(each.name) for each in columns]
        descending = [each.descending for each in order]
        return Answer(names, [True] * len(columns), sorted_runs(list(found.values()), descending))

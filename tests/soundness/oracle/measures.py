"""The fourth step of what a query means: each measure over the distinct rows of its grain."""

from __future__ import annotations

from typing import Any

from prismiq.query import Aggregate, Measure
from prismiq.query.definition import OrderBy
from soundness.oracle.aggregates import ORDERED, aggregate, ordered_aggregate
from soundness.oracle.answers import sorted_runs
from soundness.oracle.fields import Fields
from soundness.oracle.filters import Filters
from soundness.oracle.joined import Joined


class Measures:
    """The measures of one definition."""

    def __init__(self, fields: Fields, filters: Filters) -> None:
        self.fields = fields
        self.filters = filters

    def value(self, measure: Measure, group: list[Joined]) -> Any:
        grain = self.fields.grain(measure)
        distinct: dict[int, Joined] = {}
        for joined in group:
            row = joined[grain]
            if row is not None and self.filters.holds(measure.filters, self.fields.ground, joined):
                distinct.setdefault(id(row), joined)
        if measure.field is None and measure.expression is None:
            return len(distinct)
        values = [self.fields.value(each, measure) for each in distinct.values()]
        if measure.aggregate not in ORDERED:
            return aggregate(measure.aggregate, values, measure.p)
        return ordered_aggregate(measure, self._in_order(measure, list(zip(distinct.values(), values, strict=True))))

    def _in_order(self, measure: Measure, rows: list[tuple[Joined, Any]]) -> list[Any]:
        """The values in the order that is asked for, else in their own; then by the key, without one by the value."""
        grain = self.fields.grain(measure)
        key = self.fields.ground.table(grain).key
        asked = [each for each in measure.order_by if isinstance(each, OrderBy)]
        keyed: list[tuple[list[Any], tuple[Any, ...]]] = []
        for joined, value in rows:
            row = joined[grain]
            assert row is not None
            by = [self.fields.value(joined, each) for each in asked] if asked else [value]
            keyed.append(([*by, *([value] if key is None else [row[name] for name in key])], (value,)))
        places = len(keyed[0][0]) if keyed else 0
        descending = [*(each.descending for each in asked), *[False] * (places - len(asked))]
        if measure.aggregate is Aggregate.LAST:
            descending = [not each for each in descending]
        return [value for run in sorted_runs(keyed, descending) for (value,) in run]

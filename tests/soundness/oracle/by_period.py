"""Groups of two periods beside each other, and the empty ones that `fill` adds."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

from prismiq.query import Comparison, Dimension, Measure
from prismiq.query.definition import QueryDefinition
from soundness.oracle.aggregates import APPROXIMATE, Clock, part_of
from soundness.oracle.answers import Answer, order_of, sorted_runs
from soundness.oracle.fields import Fields
from soundness.oracle.filters import Filters
from soundness.oracle.joined import Joined
from soundness.oracle.measures import Measures
from soundness.oracle.other_period import Other
from soundness.oracle.stages import ZERO_WITHOUT_ROWS, buckets_to_fill


class ByPeriod:
    """Answers definitions with dimensions and measures that compare or fill."""

    def __init__(self, fields: Fields, filters: Filters, clock: Clock) -> None:
        self.fields = fields
        self.filters = filters
        self.measures = Measures(fields, filters)
        self.clock = clock

    def answer(self, definition: QueryDefinition) -> Answer:
        dimensions = [each for each in definition.dimensions if isinstance(each, Dimension)]
        measures = [each for each in definition.measures if isinstance(each, Measure)]
        names = [str(each.name) for each in dimensions]
        exact: list[bool | None] = [True] * len(dimensions)
        sides = [self._side(definition, dimensions, measures, lambda each, value: value)]
        if definition.compare is None:
            names += [str(each.name) for each in measures]
            exact += [each.aggregate not in APPROXIMATE for each in measures]
        else:
            other = self._other(definition, definition.compare, dimensions)
            sides.append(self._side(other.definition, dimensions, measures, other.align))
            for each in measures:
                more = ("", "__previous", "__change", "__change_ratio")[: 4 if self.fields.is_number(each) else 2]
                names += [f"{each.name}{suffix}" for suffix in more]
                sure = each.aggregate not in APPROXIMATE
                # The difference of two rounded numbers has no digit to be sure of.
                exact += [sure, sure, True if sure else None, False if sure else None][: len(more)]
        # Step 5: the stages, and the order, in which the remaining dimensions tell rows apart.
        empty = [0 if each.aggregate in ZERO_WITHOUT_ROWS else None for each in measures]
        keys = list(dict.fromkeys(key for side in sides for key in side))
        keys += self._filled(definition, dimensions, keys)
        rows: list[tuple[Any, ...]] = []
        for key in keys:
            values = zip(measures, *(side.get(key, empty) for side in sides), strict=True)
            rows.append((*key, *(value for of in values for value in self._beside(*of))))
        rows = [row for row in rows if self.filters.having(definition.having, names, row)]
        order = order_of(definition)
        places = [names.index(str(each.field)) for each in order]
        places += [place for place in range(len(dimensions)) if place not in places]
        return Answer(
            names,
            exact,
            sorted_runs(
                [([row[place] for place in places], row) for row in rows],
                [*(each.descending for each in order), *[False] * (len(places) - len(order))],
            ),
        )

    def _side(
        self,
        definition: QueryDefinition,
        dimensions: list[Dimension],
        measures: list[Measure],
        align: Callable[[Dimension, Any], Any],
    ) -> dict[tuple[Any, ...], list[Any]]:
        """The groups of one period, by their dimensions, with their measures."""
        groups: dict[tuple[Any, ...], list[Joined]] = {} if dimensions else {(): []}
        for joined in self.filters.kept(definition):
            values = (part_of(each, align(each, self.fields.value(joined, each)), self.clock) for each in dimensions)
            groups.setdefault(tuple(values), []).append(joined)
        return {key: [self.measures.value(each, group) for each in measures] for key, group in groups.items()}

    def _other(self, definition: QueryDefinition, part: Comparison, dimensions: list[Dimension]) -> Other:
        kind = self.fields.kind(part.field)
        other = Other(definition, part, kind, self.clock, self.filters.now)
        other.check(dimensions)
        return other

    def _beside(self, measure: Measure, now: Any, *before: Any) -> list[Any]:
        """A measure, and where it is compared the other value, the change and its ratio."""
        if not before or not self.fields.is_number(measure):
            return [now, *before]
        (then,) = before
        with localcontext() as context:
            context.prec = 120
            if now is None or then is None:
                return [now, then, None, None]
            if isinstance(now, float):
                return [now, then, now - then, None if then == 0 else (now - then) / then]
            return [now, then, now - then, None if then == 0 else (Decimal(now) - then) / Decimal(then)]

    def _filled(
        self, definition: QueryDefinition, dimensions: list[Dimension], found: list[tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        """Each combination of what was found elsewhere with every bucket, where there is no group."""
        if not any(each.fill for each in dimensions):
            return []
        made: list[tuple[Any, ...]] = [()]
        places = [place for place, each in enumerate(dimensions) if not each.fill]
        combinations = {tuple(key[place] for place in places) for key in found}
        for place, each in enumerate(dimensions):
            if each.fill:
                there = [key[place] for key in found]
                values = buckets_to_fill(
                    each, self.fields.kind(each.field), definition.filters, there, self.clock, self.filters.now
                )
                made = [(*before, value) for before in made for value in values]
        added: dict[tuple[Any, ...], None] = {}
        for combination in combinations:
            for values in made:
                kept, new = list(combination), list(values)
                added[tuple(new.pop(0) if each.fill else kept.pop(0) for each in dimensions)] = None
        return [key for key in added if key not in set(found)]

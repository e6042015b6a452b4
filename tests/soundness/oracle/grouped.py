"""The third step of what a query means, and the fifth: groups, `top`, totals, having and the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prismiq.query import Dimension, Measure
from prismiq.query.definition import QueryDefinition
from prismiq.query.stages import Top
from soundness.oracle.aggregates import APPROXIMATE, Clock, part_of
from soundness.oracle.answers import Answer, order_of, sorted_runs
from soundness.oracle.fields import Fields
from soundness.oracle.filters import Filters
from soundness.oracle.joined import Joined
from soundness.oracle.measures import Measures

Keyed = tuple[tuple[Any, ...], Joined]
"""A joined row under the values that group it."""


class Grouped:
    """Answers definitions with dimensions and measures."""

    def __init__(self, fields: Fields, filters: Filters, clock: Clock) -> None:
        self.fields = fields
        self.filters = filters
        self.measures = Measures(fields, filters)
        self.clock = clock

    def answer(self, definition: QueryDefinition) -> Answer:
        dimensions = [each for each in definition.dimensions if isinstance(each, Dimension)]
        measures = [each for each in definition.measures if isinstance(each, Measure)]
        kept = self.filters.kept(definition)
        keyed = [
            (tuple(part_of(each, self.fields.value(joined, each), self.clock) for each in dimensions), joined)
            for joined in kept
        ]
        listed = [str(each.name) for each in dimensions]
        flag = None
        plain = keyed
        if definition.top is not None:
            listed, flag, keyed = self._ranked(definition.top, dimensions, measures, keyed)
        groups: dict[tuple[Any, ...], list[Joined]] = {} if dimensions else {(): []}
        for key, joined in keyed:
            groups.setdefault(key, []).append(joined)
        names = [*listed, *(str(each.name) for each in measures)]
        rows = [(*key, *(self.measures.value(each, group) for each in measures)) for key, group in groups.items()]
        totals: list[tuple[Any, ...]] = []
        if definition.totals is not None:
            totals = self._totals(definition, flag, measures, plain)
            rows = [(*row[: len(listed)], 0, *row[len(listed) :]) for row in rows]
            names.insert(len(listed), "total_level")
        # Step 5: having, and the order, in which the remaining dimensions tell rows apart.
        rows = [row for row in rows if self.filters.having(definition.having, names, row)]
        order = order_of(definition)
        asked = [(names.index(str(each.field)), each.descending) for each in order]
        places: dict[int, bool] = {}
        for place, descending in (*asked, *((place, False) for place in range(len(listed)))):
            if flag is not None and place == flag - 1:
                places.setdefault(flag, False)  # the other values come last, whichever way the first are sorted
            places.setdefault(place, descending)
        exact = [True] * len(listed) + [each.aggregate not in APPROXIMATE for each in measures]
        if definition.totals is not None:
            exact.insert(0, True)
            rows += totals  # having has taken none of them
            places = {len(listed): False} | places
        sortable = [([row[place] for place in places], row) for row in rows]
        return Answer(names, exact, sorted_runs(sortable, list(places.values())))

    def _totals(
        self, definition: QueryDefinition, flag: int | None, measures: list[Measure], keyed: Sequence[Keyed]
    ) -> list[tuple[Any, ...]]:
        """The rows of totals, each over all joined rows with the same first dimensions, whatever `top` leaves."""
        count = len(definition.dimensions)
        found: list[tuple[Any, ...]] = []
        for kept in [0] if definition.totals == "grand" else range(count):
            groups: dict[tuple[Any, ...], list[Joined]] = {} if kept else {(): []}
            for key, joined in keyed:
                groups.setdefault(key[:kept], []).append(joined)
            for key, group in groups.items():
                shown = [*key, *[None] * (count - kept)]
                if flag is not None:
                    shown.insert(flag, False)
                found.append((*shown, count - kept, *(self.measures.value(each, group) for each in measures)))
        return found

    def _ranked(
        self, top: Top, dimensions: list[Dimension], measures: list[Measure], keyed: Sequence[Keyed]
    ) -> tuple[list[str], int | None, list[Keyed]]:
        """The names of what groups, the place of the mark if there is one, and the rows by their new groups."""
        names = [str(each.name) for each in dimensions]
        place = names.index(str(top.dimension))
        (by,) = (each for each in measures if each.name == top.by)
        values: dict[Any, list[Joined]] = {}
        for key, joined in keyed:
            values.setdefault(key[place], []).append(joined)
        ranking = [([self.measures.value(by, rows), value], (value,)) for value, rows in values.items()]
        first = [value for run in sorted_runs(ranking, [top.descending, False]) for (value,) in run][: top.n]
        if top.other is None:
            return names, None, [(key, joined) for key, joined in keyed if key[place] in first]
        label = top.other if self.fields.is_text(dimensions[place]) else None
        marked: list[Keyed] = []
        for key, joined in keyed:
            shown = (key[place], False) if key[place] in first else (label, True)
            marked.append(((*key[:place], *shown, *key[place + 1 :]), joined))
        names.insert(place + 1, f"{top.dimension}__is_other")
        return names, place + 1, marked

"""What a query means, as a program over lists: the specification that the engine is judged by.

It follows the five steps of the documentation's page on queries word for word, with loops where the engine has joins:
build the joined rows, keep those that pass, group them, compute each measure over the distinct rows of its grain, then
having, order and page. It shares no code with the planner, and it is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from typing import Any

from prismiq.query import Aggregate, And, Comparison, Condition, Dimension, Exists, Filter, Measure, Not, Or
from prismiq.query.definition import OrderBy, QueryDefinition
from prismiq.query.fields import segments
from prismiq.query.stages import Top
from prismiq.schema.models import DatabaseSchema, Relationship, TableRef, TableSchema
from prismiq.schema.types import NUMBERS, DataType
from soundness.aggregates import APPROXIMATE, Clock, aggregate, part_of
from soundness.conditions import all_of, any_of, condition_holds, opposite
from soundness.other_period import Other
from soundness.periods import absolute_period
from soundness.stages import ZERO_WITHOUT_ROWS, NoAnswerError, TooManyRowsError, buckets_to_fill

Row = dict[str, Any]
Path = tuple[str, ...]
Joined = dict[Path, Row | None]
"""One joined row: for each path the row that is there, or None where a LEFT JOIN found none."""
Evaluate = Callable[[Callable[[str], Any]], Any]
"""An expression as a function of its fields' values."""
Keyed = tuple[tuple[Any, ...], Joined]
"""A joined row under the values that group it."""
Run = list[tuple[Any, ...]]
TOO_MANY = 3_000


@dataclass(frozen=True)
class Expressions:
    """What an expression's text computes, and the fields it reads."""

    evaluate: Mapping[str, Evaluate] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The result in its order. Within a run, rows are equal in all that `order_by` names; a key orders them.

    `exact` says of each column whether every digit counts; averages and their like have as many as they are given, and
    what is computed from them may have none (None).
    """

    columns: list[str]
    exact: list[bool | None]
    runs: list[Run]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return [row for run in self.runs for row in run]


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

    def answer(self, definition: QueryDefinition) -> Answer:
        """The result without `limit` and `offset`. Raises NoAnswerError for what no engine can answer."""
        self.source = self.schema.by_ref[self.schema.candidates(segments(definition.source))[0]]
        self.clock = Clock.of(definition)
        self.zone = self.clock.zone
        return self._rows(definition) if definition.columns else self._groups(definition)

    # Step 1: the joined rows.

    def _joined(self, start: TableSchema, rows: Sequence[Row], paths: Iterable[Path]) -> list[Joined]:
        """Every combination of the rows with related ones; where there is none, one without."""
        joined: list[Joined] = [{(): row} for row in rows]
        for path in _closed(paths):
            if path:
                step = self._step(start, path)
                joined = [{**each, path: match} for each in joined for match in self._matches(step, each[path[:-1]])]
            if len(joined) > TOO_MANY:
                raise TooManyRowsError
        return joined

    def _step(self, start: TableSchema, path: Path) -> Relationship:
        """The last relationship of a path, which names one at least."""
        table, step = start, None
        for name in path:
            step = table.relationship(name)
            assert step is not None, f"{table.name} has no relationship {name}"
            table = self.schema.by_ref[step.target]
        assert step is not None
        return step

    def _matches(self, step: Relationship, parent: Row | None) -> Sequence[Row | None]:
        wanted = [None] if parent is None else [parent[name] for name in step.columns]
        if None in wanted:
            return [None]
        found = [row for row in self.data[step.target] if [row[name] for name in step.target_columns] == wanted]
        return found or [None]

    # Step 2: the joined rows for which the filters hold.

    def _kept(self, start: TableSchema, rows: Sequence[Row], paths: set[Path], filters: Filter | None) -> list[Joined]:
        joined = self._joined(start, rows, paths | self._filtered(filters))
        return [each for each in joined if self._holds(filters, start, each)]

    def _holds(self, node: Filter | None, start: TableSchema, joined: Joined) -> bool | None:
        if isinstance(node, Exists):
            return self._exists(node, start, joined)
        return _tree_holds(
            node,
            lambda part: self._holds(part, start, joined),
            lambda condition: condition_holds(
                absolute_period(condition, self.now, self.clock), self._value(joined, condition), self.zone
            ),
        )

    def _exists(self, node: Exists, start: TableSchema, joined: Joined) -> bool:
        """Whether some row at the end of the path satisfies the filters, whose fields start at it."""
        way, row = segments(node.exists), joined[()]
        assert row is not None
        related = [found for each in self._joined(start, [row], {way}) if (found := each[way]) is not None]
        target = self.schema.by_ref[self._step(start, way).target]
        return bool(self._kept(target, related, set(), node.filters))

    def _value(self, joined: Joined, part: Condition | Dimension | Measure | OrderBy) -> Any:
        expression = getattr(part, "expression", None)
        if expression is not None:
            return self.expressions.evaluate[expression](lambda name: _field(joined, segments(name)))
        assert part.field is not None
        return _field(joined, segments(part.field))

    # Steps 3 and 4: groups, and each measure over the distinct rows of its grain.

    def _groups(self, definition: QueryDefinition) -> Answer:
        dimensions = [each for each in definition.dimensions if isinstance(each, Dimension)]
        measures = [each for each in definition.measures if isinstance(each, Measure)]
        if definition.compare is not None or any(each.fill for each in dimensions):
            return self._periods(definition, dimensions, measures)
        kept = self._kept(self.source, self.data[self.source.ref], self._paths(definition), definition.filters)
        keyed = [
            (tuple(part_of(each, self._value(joined, each), self.clock) for each in dimensions), joined)
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
        rows = [(*key, *(self._measure(each, group) for each in measures)) for key, group in groups.items()]
        totals: list[tuple[Any, ...]] = []
        if definition.totals is not None:
            totals = self._totals(definition, flag, measures, plain)
            rows = [(*row[: len(listed)], 0, *row[len(listed) :]) for row in rows]
            names.insert(len(listed), "total_level")
        # Step 5: having, and the order, in which the remaining dimensions tell rows apart.
        rows = [row for row in rows if self._having(definition.having, names, row)]
        order = _order(definition)
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
        return Answer(names, exact, _sorted_runs(sortable, list(places.values())))

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
                found.append((*shown, count - kept, *(self._measure(each, group) for each in measures)))
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
        ranking = [([self._measure(by, rows), value], (value,)) for value, rows in values.items()]
        first = [value for run in _sorted_runs(ranking, [top.descending, False]) for (value,) in run][: top.n]
        if top.other is None:
            return names, None, [(key, joined) for key, joined in keyed if key[place] in first]
        label = top.other if self._is_text(dimensions[place]) else None
        marked: list[Keyed] = []
        for key, joined in keyed:
            shown = (key[place], False) if key[place] in first else (label, True)
            marked.append(((*key[:place], *shown, *key[place + 1 :]), joined))
        names.insert(place + 1, f"{top.dimension}__is_other")
        return names, place + 1, marked

    def _is_text(self, dimension: Dimension) -> bool:
        if dimension.field is None:
            return False
        (path,) = self._read(dimension)
        return self._table(path).by_name[segments(dimension.field)[-1]].type is DataType.TEXT

    def _periods(self, definition: QueryDefinition, dimensions: list[Dimension], measures: list[Measure]) -> Answer:
        """The groups of two periods beside each other, and those that `fill` adds."""
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
                more = ("", "__previous", "__change", "__change_ratio")[: 4 if self._is_number(each) else 2]
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
        rows = [row for row in rows if self._having(definition.having, names, row)]
        order = _order(definition)
        places = [names.index(str(each.field)) for each in order]
        places += [place for place in range(len(dimensions)) if place not in places]
        return Answer(
            names,
            exact,
            _sorted_runs(
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
        for joined in self._kept(self.source, self.data[self.source.ref], self._paths(definition), definition.filters):
            values = (part_of(each, align(each, self._value(joined, each)), self.clock) for each in dimensions)
            groups.setdefault(tuple(values), []).append(joined)
        return {key: [self._measure(each, group) for each in measures] for key, group in groups.items()}

    def _other(self, definition: QueryDefinition, part: Comparison, dimensions: list[Dimension]) -> Other:
        kind = self._kind(part.field)
        other = Other(definition, part, kind, self.clock, self.now)
        other.check(dimensions)
        return other

    def _is_number(self, measure: Measure) -> bool:
        if measure.aggregate in (Aggregate.BOOL_AND, Aggregate.BOOL_OR, Aggregate.STRING_AGG):
            return False
        if measure.aggregate not in (Aggregate.MIN, Aggregate.MAX) or measure.field is None:
            return True
        return self._kind(measure.field) in NUMBERS

    def _beside(self, measure: Measure, now: Any, *before: Any) -> list[Any]:
        """A measure, and where it is compared the other value, the change and its ratio."""
        if not before or not self._is_number(measure):
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
        if not any(each.fill for each in dimensions) or not found:
            return []
        made: list[tuple[Any, ...]] = [()]
        places = [place for place, each in enumerate(dimensions) if not each.fill]
        combinations = {tuple(key[place] for place in places) for key in found}
        for place, each in enumerate(dimensions):
            if each.fill:
                there = [key[place] for key in found]
                values = buckets_to_fill(each, self._kind(each.field), definition.filters, there, self.clock, self.now)
                made = [(*before, value) for before in made for value in values]
        added: dict[tuple[Any, ...], None] = {}
        for combination in combinations:
            for values in made:
                kept, new = list(combination), list(values)
                added[tuple(new.pop(0) if each.fill else kept.pop(0) for each in dimensions)] = None
        return [key for key in added if key not in set(found)]

    def _measure(self, measure: Measure, group: list[Joined]) -> Any:
        grain = self._grain(measure)
        distinct: dict[int, Joined] = {}
        for joined in group:
            row = joined[grain]
            if row is not None and self._holds(measure.filters, self.source, joined):
                distinct.setdefault(id(row), joined)
        if measure.field is None and measure.expression is None:
            return len(distinct)
        return aggregate(measure.aggregate, [self._value(each, measure) for each in distinct.values()], measure.p)

    def _having(self, node: Filter | None, names: list[str], row: tuple[Any, ...]) -> bool | None:
        return _tree_holds(
            node,
            lambda part: self._having(part, names, row),
            lambda condition: condition_holds(condition, row[names.index(str(condition.field))], self.zone),
        )

    def _grain(self, measure: Measure) -> Path:
        """The path whose rows are counted once each: what is asked for, else the table of the field, else of an
        expression's fields the one from which all are reached to-one, else the deepest path that does."""
        read = self._read(measure)
        if measure.table is not None or measure.grain is not None:
            asked = segments(measure.table or measure.grain or "")
            grain: Path = () if asked == (self.source.name,) else asked
            if not all(self._to_one(grain, path) for path in read):
                raise NoAnswerError("grain_unreachable")
            return grain
        reaching = [path for path in _closed(read) if all(self._to_one(path, other) for other in read)]
        if not reaching:
            raise NoAnswerError("grain_unreachable")
        return next((path for path in reaching if path in read), reaching[-1])

    def _to_one(self, start: Path, target: Path) -> bool:
        """Whether a row at `start` has at most one row at `target`, by the keys."""
        shared = 0
        while shared < min(len(start), len(target)) and start[shared] == target[shared]:
            shared += 1
        up = [self._step(self.source, start[:length]) for length in range(shared + 1, len(start) + 1)]
        down = [self._step(self.source, target[:length]) for length in range(shared + 1, len(target) + 1)]
        return all(step.from_one for step in up) and all(step.to_one for step in down)

    # Row queries: one row per combination of the source's rows with those of the listed paths.

    def _rows(self, definition: QueryDefinition) -> Answer:
        columns = [each for each in definition.columns if isinstance(each, Dimension)]
        listed = self._listed(definition)
        if not any(all(self._to_one(path, other) for other in listed) for path in listed):
            raise NoAnswerError("independent_branches")
        order = _order(definition)
        if not all(any(self._to_one(path, other) for path in listed) for other in self._sorting(definition)):
            raise NoAnswerError("independent_branches")
        found: dict[tuple[int | None, ...], tuple[list[Any], tuple[Any, ...]]] = {}
        for joined in self._kept(self.source, self.data[self.source.ref], self._paths(definition), definition.filters):
            identity = tuple(None if joined[path] is None else id(joined[path]) for path in listed)
            row = {str(each.name): part_of(each, self._value(joined, each), self.clock) for each in columns}
            keys = [row[str(each.field)] if each.field in row else self._value(joined, each) for each in order]
            found.setdefault(identity, (keys, tuple(row.values())))
        names = [str(each.name) for each in columns]
        descending = [each.descending for each in order]
        return Answer(names, [True] * len(columns), _sorted_runs(list(found.values()), descending))

    # Which paths a definition uses.

    def _paths(self, definition: QueryDefinition) -> set[Path]:
        paths = {path for each in (*definition.dimensions, *definition.columns) for path in self._read(each)}
        for measure in definition.measures:
            assert isinstance(measure, Measure)
            paths |= {*self._read(measure), self._grain(measure), *self._filtered(measure.filters)}
        return paths | self._sorting(definition) | self._filtered(definition.filters)

    def _listed(self, definition: QueryDefinition) -> list[Path]:
        return _closed({path for each in definition.columns for path in self._read(each)})

    def _sorting(self, definition: QueryDefinition) -> set[Path]:
        """The paths of what a row query is sorted by that is no output."""
        outputs = [each.name for each in definition.columns if isinstance(each, Dimension)]
        by_field = [each for each in _order(definition) if definition.columns and each.field not in outputs]
        return {path for each in by_field for path in self._read(each)}

    def _read(self, part: Any) -> list[Path]:
        """The paths of the fields that a dimension, measure, condition or sort key reads."""
        expression = getattr(part, "expression", None)
        if expression is not None:
            return [segments(name)[:-1] for name in self.expressions.fields[expression]]
        return [] if part.field is None else [segments(part.field)[:-1]]

    def _filtered(self, node: Filter | None) -> set[Path]:
        if node is None or isinstance(node, Exists):
            return set()
        if isinstance(node, Condition):
            return set(self._read(node))
        return {path for part in _parts(node) for path in self._filtered(part)}

    # What may be refused for want of a key.

    def may_need_key(self, definition: QueryDefinition, *, optimised: bool) -> bool:
        """Whether an engine may refuse for want of a key.

        Without its optimisations it may wherever rows of a table without one are counted or listed. With all of them
        only where what groups them multiplies them: what filters, and what other measures read, must not stand in the
        way, and rows are listed as often as they are there.
        """
        grouped = {path for each in definition.dimensions for path in self._read(each)}
        counted = [self._grain(each) for each in definition.measures if isinstance(each, Measure)]
        if not optimised:
            return any(self._table(path).key is None for path in (*counted, *self._listed(definition)))
        return any(
            self._table(grain).key is None and not all(self._to_one(grain, each) for each in _closed({*grouped, grain}))
            for grain in counted
        )

    def _kind(self, field: Any) -> DataType:
        names = segments(field)
        return next(column.type for column in self._table(names[:-1]).columns if column.name == names[-1])

    def _table(self, path: Path) -> TableSchema:
        return self.schema.by_ref[self._step(self.source, path).target] if path else self.source


def _field(joined: Joined, names: Path) -> Any:
    row = joined[names[:-1]]
    return None if row is None else row[names[-1]]


def _tree_holds(
    node: Filter | None,
    holds: Callable[[Filter], bool | None],
    condition_holds: Callable[[Condition], bool | None],
) -> bool | None:
    match node:
        case None:
            return True
        case And():
            return all_of(holds(part) for part in node.and_)
        case Or():
            return any_of(holds(part) for part in node.or_)
        case Not():
            return opposite(holds(node.not_))
        case Condition():
            return condition_holds(node)
        case _:
            raise AssertionError(node)


def _parts(node: And | Or | Not) -> tuple[Filter, ...]:
    return node.and_ if isinstance(node, And) else node.or_ if isinstance(node, Or) else (node.not_,)


def _order(definition: QueryDefinition) -> list[OrderBy]:
    return [each for each in definition.order_by if isinstance(each, OrderBy)]


def _closed(paths: Iterable[Path]) -> list[Path]:
    """The paths with all on the way to them, the source's own first."""
    every = {(), *(path[:length] for path in paths for length in range(len(path) + 1))}
    return sorted(every, key=lambda path: (len(path), path))


def _sorted_runs(rows: list[tuple[list[Any], tuple[Any, ...]]], descending: list[bool]) -> list[Run]:
    """Rows sorted by their keys, nulls last both ways; those with equal keys in one run."""
    for place in reversed(range(len(rows[0][0]) if rows else 0)):
        there = [row for row in rows if row[0][place] is not None]
        there.sort(key=lambda row: row[0][place], reverse=descending[place])
        rows = there + [row for row in rows if row[0][place] is None]
    runs: list[Run] = []
    last: list[Any] | None = None
    for keys, row in rows:
        if keys != last:
            runs.append([])
        runs[-1].append(row)
        last = keys
    return runs

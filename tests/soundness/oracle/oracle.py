"""What a query means, as a program over lists: the specification that the engine is judged by.

It follows the five steps of the documentation's page on queries word for word, with loops where the engine has joins:
build the joined rows, keep those that pass, group them, compute each measure over the distinct rows of its grain, then
having, order and page. It shares no code with the planner, and it is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from typing import Any

from prismiq.query import Aggregate, And, Comparison, Condition, Dimension, Exists, Filter, Measure, Not, Operator, Or
from prismiq.query.definition import NestedQuery, OrderBy, QueryDefinition
from prismiq.query.fields import segments
from prismiq.query.stages import Top
from prismiq.schema.models import DatabaseSchema, TableRef, TableSchema
from prismiq.schema.types import NUMBERS, DataType
from soundness.oracle.aggregates import APPROXIMATE, ORDERED, Clock, aggregate, ordered_aggregate, part_of
from soundness.oracle.conditions import all_of, any_of, between, condition_holds, is_named, named_paths, opposite
from soundness.oracle.joined import Ground, Joined, Path, Row
from soundness.oracle.nested import CLOCK, derived_table, page
from soundness.oracle.other_period import Other
from soundness.oracle.periods import absolute_period
from soundness.oracle.stages import ZERO_WITHOUT_ROWS, NoAnswerError, buckets_to_fill

Evaluate = Callable[[Callable[[str], Any]], Any]
"""An expression as a function of its fields' values."""
Keyed = tuple[tuple[Any, ...], Joined]
"""A joined row under the values that group it."""
Run = list[tuple[Any, ...]]


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
        self.inner: list[tuple[Oracle, QueryDefinition]] = []
        self._answers: dict[int, list[Any]] = {}

    def answer(self, definition: QueryDefinition) -> Answer:
        """The result without `limit` and `offset`. Raises NoAnswerError for what no engine can answer."""
        self.clock = Clock.of(definition)
        self.zone = self.clock.zone
        self.definition = definition
        self.ground = self._ground(definition)
        return self._rows(definition) if definition.columns else self._groups(definition)

    # Step 1: what the joined rows are made of.

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

    # Step 2: the joined rows for which the filters hold.

    def _kept(
        self, ground: Ground, rows: Sequence[Row], paths: set[Path], filters: Filter | None, around: Joined | None
    ) -> list[Joined]:
        joined = ground.joined(rows, paths | self._filtered(filters))
        return [each for each in joined if self._holds(filters, ground, each, around)]

    def _holds(self, node: Filter | None, ground: Ground, joined: Joined, around: Joined | None = None) -> bool | None:
        if isinstance(node, Exists):
            return self._exists(node, ground, joined)

        def named(value: Mapping[str, Any]) -> Any:
            return (
                _field(around or {}, segments(value["outer"]))
                if "outer" in value
                else _field(joined, segments(value["field"]))
            )

        return _tree_holds(
            node,
            lambda part: self._holds(part, ground, joined, around),
            lambda condition: self._asked(condition, self._value(joined, condition), named),
        )

    def _asked(self, condition: Condition, value: Any, named: Callable[[Mapping[str, Any]], Any]) -> bool | None:
        """A condition on a value: against values, other fields, or what a query answers."""
        condition = absolute_period(condition, self.now, self.clock)
        wanted = condition.value
        if condition.query is not None:
            answers = self._values(condition.query)
            several = condition.operator in (Operator.IN, Operator.NOT_IN)
            wanted = [each for each in answers if each is not None] if several else (answers or [None])[0]
        elif isinstance(wanted, list | tuple) and any(isinstance(each, dict) for each in wanted):
            return between(condition, lambda part: self._asked(part, value, named))
        elif is_named(wanted):
            wanted = named(wanted)
        elif condition.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            return condition_holds(condition, value, self.zone)
        if wanted is None:
            return None
        return condition_holds(condition.model_copy(update={"value": wanted, "query": None}), value, self.zone)

    def _values(self, query: QueryDefinition) -> list[Any]:
        """What a query of one output answers."""
        if id(query) not in self._answers:
            _, rows = self._nested(query, self.definition, "")
            self._answers[id(query)] = [value for row in rows for value in row.values()]
        return self._answers[id(query)]

    def _exists(self, node: Exists, ground: Ground, joined: Joined) -> bool:
        """Whether some row at the end of the path satisfies the filters, whose fields start at it."""
        way, row = segments(node.exists), joined[()]
        assert row is not None
        related = [found for each in ground.joined([row], {way}) if (found := each[way]) is not None]
        return bool(self._kept(ground.related(way), related, set(), node.filters, joined))

    def _joined_rows(self, definition: QueryDefinition) -> list[Joined]:
        return self._kept(self.ground, self.ground.rows, self._paths(definition), definition.filters, None)

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
        kept = self._joined_rows(definition)
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
        return self.ground.table(path).by_name[segments(dimension.field)[-1]].type is DataType.TEXT

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
        for joined in self._joined_rows(definition):
            values = (part_of(each, align(each, self._value(joined, each)), self.clock) for each in dimensions)
            groups.setdefault(tuple(values), []).append(joined)
        return {key: [self._measure(each, group) for each in measures] for key, group in groups.items()}

    def _other(self, definition: QueryDefinition, part: Comparison, dimensions: list[Dimension]) -> Other:
        kind = self._kind(part.field)
        other = Other(definition, part, kind, self.clock, self.now)
        other.check(dimensions)
        return other

    def _is_number(self, measure: Measure) -> bool:
        if measure.aggregate in (Aggregate.BOOL_AND, Aggregate.BOOL_OR, Aggregate.STRING_AGG, Aggregate.ARRAY_AGG):
            return False
        if (
            measure.aggregate not in (Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST, Aggregate.LAST)
            or measure.field is None
        ):
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
        if not any(each.fill for each in dimensions):
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
            if row is not None and self._holds(measure.filters, self.ground, joined):
                distinct.setdefault(id(row), joined)
        if measure.field is None and measure.expression is None:
            return len(distinct)
        values = [self._value(each, measure) for each in distinct.values()]
        if measure.aggregate not in ORDERED:
            return aggregate(measure.aggregate, values, measure.p)
        return ordered_aggregate(measure, self._in_order(measure, list(zip(distinct.values(), values, strict=True))))

    def _in_order(self, measure: Measure, rows: list[tuple[Joined, Any]]) -> list[Any]:
        """The values in the order that is asked for, else in their own; then by the key, without one by the value."""
        grain = self._grain(measure)
        key = self.ground.table(grain).key
        asked = [each for each in measure.order_by if isinstance(each, OrderBy)]
        keyed: list[tuple[list[Any], tuple[Any, ...]]] = []
        for joined, value in rows:
            row = joined[grain]
            assert row is not None
            by = [self._value(joined, each) for each in asked] if asked else [value]
            keyed.append(([*by, *([value] if key is None else [row[name] for name in key])], (value,)))
        places = len(keyed[0][0]) if keyed else 0
        descending = [*(each.descending for each in asked), *[False] * (places - len(asked))]
        if measure.aggregate is Aggregate.LAST:
            descending = [not each for each in descending]
        return [value for run in _sorted_runs(keyed, descending) for (value,) in run]

    def _having(self, node: Filter | None, names: list[str], row: tuple[Any, ...]) -> bool | None:
        return _tree_holds(
            node,
            lambda part: self._having(part, names, row),
            lambda condition: self._asked(
                condition, row[names.index(str(condition.field))], lambda other: row[names.index(other["field"])]
            ),
        )

    def _grain(self, measure: Measure) -> Path:
        """The path whose rows are counted once each: what is asked for, else the table of the field, else of an
        expression's fields the one from which all are reached to-one, else the deepest path that does."""
        grain = self._grain_of_field(measure)
        if not all(self.ground.to_one(grain, path) for path in self._ordering(measure)):
            raise NoAnswerError("grain_unreachable")
        return grain

    def _ordering(self, measure: Measure) -> list[Path]:
        return [path for each in measure.order_by for path in self._read(each)]

    def _grain_of_field(self, measure: Measure) -> Path:
        read = self._read(measure)
        if measure.table is not None or measure.grain is not None:
            asked = segments(measure.table or measure.grain or "")
            grain: Path = () if asked == (self.ground.source.name,) else asked
            if not all(self.ground.to_one(grain, path) for path in read):
                raise NoAnswerError("grain_unreachable")
            return grain
        reaching = [path for path in self.ground.closed(read) if all(self.ground.to_one(path, other) for other in read)]
        if not reaching:
            raise NoAnswerError("grain_unreachable")
        return next((path for path in reaching if path in read), reaching[-1])

    # Row queries: one row per combination of the source's rows with those of the listed paths.

    def _rows(self, definition: QueryDefinition) -> Answer:
        columns = [each for each in definition.columns if isinstance(each, Dimension)]
        listed = self._listed(definition)
        joins = self.ground.closed(self.ground.joins) if self.ground.joins else []
        if not any(all(self.ground.follows(other, path, *joins) for other in listed) for path in listed):
            raise NoAnswerError("independent_branches")
        order = _order(definition)
        if not all(any(self.ground.to_one(path, other) for path in listed) for other in self._sorting(definition)):
            raise NoAnswerError("independent_branches")
        found: dict[tuple[int | None, ...], tuple[list[Any], tuple[Any, ...]]] = {}
        for joined in self._joined_rows(definition):
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
            paths |= {*self._read(measure), *self._ordering(measure), self._grain(measure)}
            paths |= self._filtered(measure.filters)
        decisive = {path for path, step in self.ground.joins.items() if step.inner or definition.columns}
        return paths | decisive | self._sorting(definition) | self._filtered(definition.filters)

    def _listed(self, definition: QueryDefinition) -> list[Path]:
        """What decides the rows of a row query: the source, the explicit joins, and the paths of the columns."""
        joins = self.ground.joins if definition.columns else ()
        return self.ground.closed({*joins, *(path for each in definition.columns for path in self._read(each))})

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
        """The paths that a condition reads, with those that `exists` reaches out to."""
        if node is None:
            return set()
        if isinstance(node, Exists):
            return set(named_paths(node.filters, "outer"))
        if isinstance(node, Condition):
            return {*self._read(node), *named_paths(node, "field")}
        return {path for part in _parts(node) for path in self._filtered(part)}

    # What may be refused for want of a key.

    def may_need_key(self, definition: QueryDefinition, *, optimised: bool) -> bool:
        """Whether an engine may refuse for want of a key.

        Without its optimisations it may wherever rows of a table without one are counted or listed. With all of them
        only where what groups them multiplies them: what filters, and what other measures read, must not stand in the
        way, and rows are listed as often as they are there.
        """
        if any(oracle.may_need_key(query, optimised=optimised) for oracle, query in self.inner):
            return True
        grouped = {path for each in definition.dimensions for path in self._read(each)}
        if self.ground.joins:  # of which more may multiply
            grouped = self._paths(definition)
        counted = [self._grain(each) for each in definition.measures if isinstance(each, Measure)]
        if definition.columns and self.ground.joins:
            counted = self._listed(definition)
        if not optimised:
            return any(self.ground.table(path).key is None for path in (*counted, *self._listed(definition)))
        return any(
            self.ground.table(grain).key is None
            and not all(self.ground.to_one(grain, each) for each in self.ground.closed({*grouped, grain}))
            for grain in counted
        )

    def _kind(self, field: Any) -> DataType:
        names = segments(field)
        return self.ground.table(names[:-1]).by_name[names[-1]].type


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


def _comparable(value: Any) -> Any:
    """A value as Python can sort it: in an array a null is greater than all else."""
    return [(item is None, 0 if item is None else item) for item in value] if isinstance(value, list) else value


def _sorted_runs(rows: list[tuple[list[Any], tuple[Any, ...]]], descending: list[bool]) -> list[Run]:
    """Rows sorted by their keys, nulls last both ways; those with equal keys in one run."""
    for place in reversed(range(len(rows[0][0]) if rows else 0)):
        there = [row for row in rows if row[0][place] is not None]
        there.sort(key=lambda row: _comparable(row[0][place]), reverse=descending[place])
        rows = there + [row for row in rows if row[0][place] is None]
    runs: list[Run] = []
    last: list[Any] | None = None
    for keys, row in rows:
        if keys != last:
            runs.append([])
        runs[-1].append(row)
        last = keys
    return runs

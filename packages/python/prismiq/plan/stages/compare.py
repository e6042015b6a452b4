"""Compares a query's period with another: the same question is asked of both, and their groups are put together.

The other period's moments are aligned to the current one's buckets inside the grouping expressions, so that every
aggregate is computed over whole buckets. In a group that one side lacks, its counts and sums are 0 and the rest null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import (
    BOOLEAN,
    INTERVAL,
    TIMESTAMP,
    TIMESTAMPTZ,
    TRUE,
    Aligned,
    Arithmetic,
    AsTimestamp,
    Call,
    Compare,
    Expression,
    LocalTime,
    Moved,
    MovedBound,
    Named,
    Null,
    Output,
    Single,
    Span,
    Starts,
    ValueType,
    Zone,
)
from prismiq.plan.lower.groups import fresh
from prismiq.plan.nodes import Aggregate, Node, Project, Union
from prismiq.plan.outputs import Role
from prismiq.plan.question import Compared, Issues, MeasureQuestion, Question, TimeDimension
from prismiq.plan.resolve.aggregates import NULL_FREE, ZERO_WITHOUT_ROWS
from prismiq.plan.resolve.conditions import PERIOD_HINT, build_condition
from prismiq.plan.resolve.dimensions import CYCLIC, WITHIN_DAY, bucket
from prismiq.plan.resolve.ranges import bounds, span
from prismiq.plan.resolve.register import Register
from prismiq.plan.resolve.scalars import numeric
from prismiq.plan.trees import columns_of, conjunction, conjuncts
from prismiq.query.definition import Aggregate as Function
from prismiq.query.definition import Granularity
from prismiq.query.fields import dotted
from prismiq.query.filters import Operator
from prismiq.query.shape import Another, ComparisonShape, ConditionShape, Form, QueryShape, Slot
from prismiq.schema.types import MOMENTS, NUMBERS, DataType


def compare(question: Question, lower: Callable[[Question], Node]) -> Node:
    """The groups of a question; where it compares, with the measures of the other period beside those of its own."""
    own = lower(question)
    other = question.compared
    if other is None:
        return own
    asked = replace(question, condition=other.condition, dimensions=other.dimensions, compared=None)
    dimensions = tuple(Named(each.name, Output(each.name, each.expression.type)) for each in question.dimensions)
    sums = any(each.function is Function.SUM for each in question.measures)
    markers = _markers(question) if dimensions and sums else ()
    sides: list[Node] = []
    for side, node in enumerate((own, lower(asked))):
        filled = (question.measures, other.measures)[side]
        below = {each.name: Output(of.name, of.type) for each, of in zip(filled, question.measures, strict=True)}
        measures = (Named(each.name, below.get(each.name, Null(each.type))) for each in question.measured)
        marks = (Named(each.name, TRUE if index == side else Null(BOOLEAN)) for index, each in enumerate(markers))
        sides.append(Project(node, (*dimensions, *measures, *marks)))
    now = tuple(Named(each.name, _one(each, markers[:1])) for each in question.measures)
    before = tuple(Named(each.name, _one(each, markers[1:])) for each in other.measures)
    return Aggregate(Union(tuple(sides)), dimensions, (*now, *before))


def _one(measure: MeasureQuestion, marker: tuple[Output, ...]) -> Single:
    """A measure of one side: in a group that the side lacks what it is without rows, else what it was there."""
    part = Output(measure.name, measure.type)
    if measure.function in NULL_FREE:
        return Single(part, measure.type, 0)
    if measure.function in ZERO_WITHOUT_ROWS and marker:
        return Single(part, measure.type, 0, *marker)
    return Single(part, measure.type)


def _markers(question: Question) -> tuple[Output, Output]:
    """Which side a row is of; a sum that is null in a group that was found stays null."""
    taken = {each.name for each in question.grouped}
    return Output(fresh("now", taken), BOOLEAN), Output(fresh("before", taken), BOOLEAN)


class Comparing:
    """Resolves what a query compares with, if it does. `changes` are calculated from the groups of both periods."""

    def __init__(self, shape: QueryShape, register: Register, zone: Zone, issues: Issues) -> None:
        self._shape = shape.comparison
        self._calendar = shape.calendar
        self._register = register
        self._zone = zone
        self._issues = issues
        self._previous: list[MeasureQuestion] = []
        self.changes: tuple[Named, ...] = ()
        self.applies = bool(shape.comparison and shape.source and shape.measures and not shape.columns)

    def with_previous(self, measure: MeasureQuestion | None) -> MeasureQuestion | None:
        """The measure itself, with its value in the other period and the change as further outputs."""
        if measure is None or not self.applies:
            return measure
        previous = replace(measure, name=f"{measure.name}__previous")
        self._previous.append(previous)
        now, before = Output(measure.name, measure.type), Output(previous.name, measure.type)
        outputs: list[tuple[str, str, Expression]] = [(previous.name, "previous", before)]
        if measure.type.kind in NUMBERS:
            change = numeric("-", now, before)
            outputs.append((f"{measure.name}__change", "change", change))
            outputs.append((f"{measure.name}__change_ratio", "change ratio", numeric("/", change, before)))
        elif measure.type.kind is DataType.INTERVAL:
            outputs.append((f"{measure.name}__change", "change", Arithmetic("-", now, before, INTERVAL)))
        shown = self._register.outputs[measure.name]
        for name, what, expression in outputs:
            label = f"{shown.label}, {what}"
            kind = expression.type.kind
            output = replace(shown, name=name, type=kind, role=Role.MEASURE, label=label)
            self._register.add(output, expression.type, measure.loc)
            if measure.name in self._register.hidden:
                self._register.hidden.add(name)
        self.changes += tuple(Named(name, expression) for name, _, expression in outputs[1:])
        return measure

    def other(
        self,
        moment: Expression | None,
        condition: Expression,
        dimensions: tuple[Named, ...],
        times: Iterable[TimeDimension],
    ) -> Compared | None:
        """What differs in the other period's question; or None and the issues."""
        if moment is None or self._shape is None:
            return None
        current = self._current(self._shape, moment, condition)
        to = self._to(self._shape, moment)
        if current is None or to is None:
            return None
        moved = Moved(current, to)
        by_name = {each.output.name: each for each in times}
        aligned = [self._aligned(each, by_name.get(each.name), moment, moved) for each in dimensions]
        return Compared(
            _moved(condition, moment, moved), tuple(each for each in aligned if each), tuple(self._previous)
        )

    def _current(self, shape: ComparisonShape, moment: Expression, condition: Expression) -> Span | None:
        """The one period that the filters give the field."""
        loc, name = (*shape.loc, "field"), dotted(shape.field)
        if moment.type.kind not in MOMENTS:
            message = f'"{name}" is {moment.type.kind}, and a period is of a date or a timestamp.'
            self._issues.add(loc, IssueCode.TYPE_MISMATCH, message, "Name a date or a timestamp.")
            return None
        current = span(condition, moment)
        ends = len(current.lows), len(current.highs)
        if ends == (1, 1):
            return current
        condition_hint = f'{{"field": "{name}", "operator": "in_period", "value": "this_month"}}'
        if ends == (0, 0):
            message = f'`compare` needs a period on "{name}" at the top level of `filters`.'
            self._issues.add(loc, IssueCode.MISSING, message, f"Add {condition_hint}, say.")
        elif 0 in ends:
            message = f'The period on "{name}" has no {"end" if ends[0] else "beginning"}.'
            self._issues.add(loc, IssueCode.MISSING, message, "Bound it on both sides.")
        else:
            message = f'"{name}" has more than one period at the top level of `filters`.'
            self._issues.add(loc, IssueCode.INVALID, message, "Keep one of them.")
        return None

    def _to(self, shape: ComparisonShape, moment: Expression) -> Another | Span | None:
        to, loc = shape.to, (*shape.loc, "to")
        if isinstance(to, str):
            return to
        if isinstance(to, Slot) and to.form not in (Form.TEXT, Form.OBJECT):
            message = "This is no period to compare with."
            hint = f'Write "previous_period", "previous_year", or a period. {PERIOD_HINT}'
            self._issues.add(loc, IssueCode.INVALID_VALUE, message, hint)
            return None
        if isinstance(to, tuple) and None in to:
            message = "The period to compare with is open."
            self._issues.add(loc, IssueCode.MISSING, message, "Give it both `from` and `to`.")
            return None
        found = Issues()
        condition = build_condition(
            ConditionShape(shape.field, Operator.IN_PERIOD, to, True, loc), moment, self._zone, found
        )
        for issue in found.found:
            self._issues.found.append(replace(issue, loc=loc))
        return None if condition is None else span(condition, moment)

    def _aligned(self, dimension: Named, time: TimeDimension | None, moment: Expression, moved: Moved) -> Named | None:
        """The dimension, in the other period's question."""
        if time is None or time.part != moment:
            if not set(columns_of(moment)) & set(columns_of(dimension.expression)):
                return dimension
            self._issues.add(
                next(loc for loc, name in self._register.names.items() if name == dimension.name),
                IssueCode.INVALID,
                f'"{dimension.name}" computes with the field that is compared, and cannot be aligned.',
                "Group by the field itself, with a granularity.",
            )
            return None
        if time.granularity in CYCLIC:
            return dimension
        granularity = time.granularity
        if granularity is None:
            if moment.type.kind is not DataType.DATE:
                message = f'"{dimension.name}" is every moment for itself, and those of two periods cannot be aligned.'
                self._issues.add(
                    (*time.loc, "granularity"), IssueCode.MISSING, message, 'Add a `granularity`, say "day".'
                )
                return None
            granularity = Granularity.DAY
        if moved.to == "previous_year":
            later = _year_later(moment, granularity, self._zone)
            built = bucket(
                later, granularity, self._zone, time.loc, self._issues, name=dimension.name, calendar=self._calendar
            )
            return None if built is None else Named(dimension.name, built)
        array = ValueType(DataType.ARRAY, time.output.type.kind)
        starts = Starts(moved, granularity, array)
        labels = Starts(moved.span, granularity, array, like=moved)
        return Named(dimension.name, Aligned(dimension.expression, starts, labels, time.output.type))


def _moved(condition: Expression, moment: Expression, moved: Moved) -> Expression:
    """The condition with the other period in the place of the current one."""
    current = [each for each, _ in bounds(condition, moment)]
    start = Compare(">=", moment, MovedBound(moved, False, moment.type))
    end = Compare("<", moment, MovedBound(moved, True, moment.type))
    return conjunction((*(each for each in conjuncts(condition) if each not in current), start, end))


def _year_later(moment: Expression, granularity: Granularity, zone: Zone) -> Expression:
    """The moment a year later by the clock; of the 29th of February the 28th."""
    kind = moment.type.kind
    wall = moment
    if kind is DataType.TIMESTAMPTZ:
        wall = LocalTime(moment, zone)
    elif kind is DataType.DATE:
        wall = AsTimestamp(moment)
    later = Call("year_later", (wall,), TIMESTAMP)
    if kind is DataType.TIMESTAMPTZ and granularity in WITHIN_DAY:
        return LocalTime(later, zone, TIMESTAMPTZ)
    return later

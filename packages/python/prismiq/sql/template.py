"""A compiled plan: SQL text that serves every definition of one shape, and how to bind a caller's values to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from secrets import token_hex
from typing import cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import asyncpg

from prismiq.access.context import RequestContext
from prismiq.access.rules import ContextValue, PolicyValue
from prismiq.access.scope import context_value
from prismiq.calendars import ISO, Calendar, Clock
from prismiq.errors import ContextError, Issue, IssueCode, QueryError
from prismiq.plan.expressions import Beat, Conversion, MovedBound, Parameter, Span, Starts, Zone
from prismiq.plan.nodes import PivotPlan, QueryPlan
from prismiq.plan.outputs import OutputColumn
from prismiq.query.complaints import MAX_ISSUES
from prismiq.query.fields import as_items
from prismiq.query.forms import plain_value
from prismiq.query.shape import QueryShape, Values
from prismiq.schema.models import TableRef
from prismiq.sql.builder import Builder
from prismiq.sql.copied import Form, can_be_copied, copied, quoted_places
from prismiq.sql.parameters import LIMIT, MARK, OFFSET, ROW_CAP, Bound, Computed, Fixed, Parameters
from prismiq.sql.spans import NoShortcutError, Spans, UntoldError
from prismiq.sql.statement import Copying, Pivoting, Statement, TotalRows
from prismiq.sql.values import BINS, UnfitValueError, convert
from prismiq.zones import zone_of

_UTC = zone_of("UTC")

_ALSO_ABBREVIATIONS = frozenset({"CET", "EET", "EST", "HST", "MET", "MST", "WET"})
"""Zones whose names PostgreSQL takes for abbreviations of one fixed offset, but not behind a colon."""

_DIALECT = asyncpg.dialect(paramstyle="numeric_dollar")  # pyright: ignore[reportNoOverloadImplementation]
"""Numbers placeholders as asyncpg wants. One for all: what it learns of types it need not learn again."""


@dataclass(slots=True)
class Seen:
    """What is remembered of a template's last answer: how many rows it had. Whoever asks next likely gets as many."""

    rows: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """SQL with the order of its placeholders. Holds no value of any caller's. Two are the same only by identity, or by
    their number."""

    sql: str
    bound: tuple[Bound, ...]
    columns: tuple[OutputColumn, ...]
    time_zone: str
    warnings: tuple[str, ...]
    calendar: Calendar
    tables: frozenset[TableRef]
    marker: int | None = None
    pivot: PivotPlan | None = None
    form: Form = Form.ROWS
    copies: bool = False
    """Whether COPY could write its rows."""
    seen: Seen = field(default_factory=Seen)
    otherwise: Callable[[], Template] | None = None
    """The template without shortcuts, for values that they are none for."""
    shape: QueryShape | None = None
    """What it is the template of."""
    asks: tuple[ContextValue, ...] | None = None
    """Which values of a context it is bound with; None where what is bound depends on more, such as the time."""
    has_buckets: bool = False
    number: int = field(default_factory=count().__next__, repr=False)

    def bind(
        self, values: Values, context: RequestContext | None, *, row_cap: int, now: datetime | None = None
    ) -> Statement:
        """The statement for one caller's values.

        Relative periods are relative to `now`, by default the time of the call. At most `row_cap` rows and one more are
        asked for, the one more to know that there are any. Raises QueryError for values that their columns cannot take,
        all at once, ContextError for a context that lacks a value, and NoShortcutError where there is no other way.
        """
        clock = Clock(self.time_zone, self.calendar)
        now = now or datetime.now(timezone.utc)
        binder = _Binder(values, context, row_cap, clock, now)
        try:
            args = tuple(binder.value(bound) for bound in self.bound)
        except NoShortcutError:
            if self.otherwise is None:
                raise
            return self.otherwise().bind(values, context, row_cap=row_cap, now=now)
        if binder.issues:
            raise QueryError(list(binder.issues)[:MAX_ISSUES])
        cap = row_cap if values.limit is None or values.limit > row_cap else None
        totals = None if self.marker is None else TotalRows(self.marker, row_cap)
        pivot = None if self.pivot is None else self._pivoting(self.pivot, values, row_cap)
        if pivot is not None:
            cap = None  # which is of the cells
        copying = None if self.form is Form.ROWS else self._copying(binder.mark)
        return Statement(self.sql, args, self.columns, cap, self.time_zone, self.warnings, totals, pivot, copying)

    def _copying(self, mark: str) -> Copying:
        return Copying(mark, quoted_places(self.columns) if self.form is Form.JSON else None)

    def _pivoting(self, pivot: PivotPlan, values: Values, row_cap: int) -> Pivoting:
        places = {column.name: place for place, column in enumerate(self.columns)}
        return Pivoting(
            dimension=places[pivot.dimension],
            values=tuple(places[name] for name in pivot.values),
            flag=None if pivot.flag is None else places[pivot.flag],
            other=None if pivot.other is None else str(values.slots[pivot.other]),
            row_cap=row_cap,
            limit=values.limit,
            offset=values.offset,
        )


class _Binder:
    def __init__(
        self, values: Values, context: RequestContext | None, row_cap: int, clock: Clock, now: datetime
    ) -> None:
        self._outermost = clock
        self._zone = zone_of(clock.time_zone)
        self._values = values
        self._context = context
        self._row_cap = row_cap
        self._now = now
        self.issues: dict[Issue, None] = {}  # each once, in their order
        self.mark = ""

    def value(self, bound: Bound) -> object:
        if isinstance(bound, Parameter):
            source = bound.source
            if isinstance(source, int):
                return self._of_definition(bound, source)
            if isinstance(source, ContextValue):
                return self._of_context(bound, source)
            return of_policy(bound, source, self._now)
        if isinstance(bound, str):
            return self._of_page(bound)
        if isinstance(bound, Zone):
            return f":{bound.name}" if bound.name in _ALSO_ABBREVIATIONS else bound.name
        return bound.value if isinstance(bound, Fixed) else self._computed(bound)

    def _of_page(self, part: str) -> object:
        if part == LIMIT:
            limit = self._values.limit
            return self._row_cap + 1 if limit is None or limit > self._row_cap else limit
        if part == ROW_CAP:
            return self._row_cap + 1
        if part == OFFSET:
            return self._values.offset
        assert part == MARK
        self.mark = token_hex(8)  # 64 random bits: no value can be made to hold it
        return self.mark

    def _computed(self, bound: Computed) -> object:
        span = bound.range if isinstance(bound.range, Span) else bound.range.span
        first = span.lows[0].value
        clock = self._values.clocks.get(cast("int", first.source), self._outermost)
        now = self._now.astimezone(zone_of(clock.time_zone))
        spans = Spans(self.value, self._values.slots, now, clock.calendar)
        try:
            match bound:
                case Starts():
                    return spans.starts(bound)
                case MovedBound():
                    return spans.bound(bound)
                case Beat():
                    return spans.beat(bound)
        except UntoldError:
            return None
        except UnfitValueError as error:
            self.issues[Issue(first.loc, error.code, error.message, error.hint)] = None
            return None

    def _of_definition(self, parameter: Parameter, slot: int) -> object:
        values = self._values
        raw, clock = values.slots[slot], values.clocks.get(slot, self._outermost)
        zone = self._zone if clock is self._outermost else zone_of(clock.time_zone)
        if not parameter.many or parameter.conversion in BINS:
            return self._converted(raw, parameter, zone, clock.calendar)
        items = as_items(raw)
        assert items is not None
        return [self._converted(item, parameter, zone, clock.calendar, position) for position, item in enumerate(items)]

    def _converted(
        self, raw: object, parameter: Parameter, zone: ZoneInfo, calendar: Calendar, *position: int
    ) -> object:
        try:
            return convert(raw, parameter.type, parameter.conversion, zone, self._now, calendar=calendar)
        except UnfitValueError as error:
            self.issues[Issue((*parameter.loc, *position), error.code, error.message, error.hint)] = None
            return None

    def _of_context(self, parameter: Parameter, value: ContextValue) -> object:
        raw = context_value(value, self._context)
        many = isinstance(raw, list | tuple | set | frozenset)
        if many != parameter.many:
            wanted = "a list" if parameter.many else "one value"
            raise ContextError(
                f"The context's {value.described} must be {wanted}.",
                hint='A RowFilter compares with one value, or with operator="in" with a list.',
            )
        items = list(cast("Collection[object]", raw)) if many else [raw]
        try:
            # In UTC: the query's zone is the caller's choice, and a row rule must not move with it.
            converted = [convert(item, parameter.type, parameter.conversion, _UTC, self._now) for item in items]
            if not all(_is_storable(each) for each in converted):
                raise UnfitValueError(IssueCode.INVALID_VALUE, "No database stores this text.")
        except UnfitValueError:
            raise ContextError(
                f"The context's {value.described} does not fit the column it is compared with.",
                hint=f"The column is {parameter.type.kind}.",
            ) from None
        return converted if many else converted[0]


def told(bound: Computed, values: Values, context: RequestContext | None, now: datetime) -> object:
    """What is computed from values, or None where it cannot be told."""
    binder = _Binder(values, context, 0, Clock("UTC", ISO), now)
    try:
        found = binder.value(bound)
    except (NoShortcutError, ContextError):
        return None
    return None if binder.issues else found


def of_policy(parameter: Parameter, value: PolicyValue, now: datetime) -> object:
    """What the policy compares with, as the driver takes it. In UTC, as a rule. Raises UnfitValueError."""
    plain = plain_value(value.plain)
    items = as_items(plain)
    if not parameter.many or items is None:
        return convert(plain, parameter.type, parameter.conversion, _UTC, now)
    return [convert(item, parameter.type, parameter.conversion, _UTC, now) for item in items]


def _is_storable(value: object) -> bool:
    return not isinstance(value, str) or ("\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value))


def build(plan: QueryPlan, form: Form = Form.ROWS, *, shape: QueryShape | None = None) -> Template:
    """Compiles a plan to SQL once, for all the values its shape may be asked with."""
    parameters = Parameters()
    statement = Builder(plan, parameters).statement()
    if form is not Form.ROWS:
        statement = copied(statement, plan.outputs, form, Zone(plan.time_zone), parameters)
    sql, bound = compiled(statement, parameters)
    marker = next((place for place, each in enumerate(plan.outputs) if each.name == plan.marker), None)
    return Template(
        sql,
        bound,
        plan.outputs,
        plan.time_zone,
        plan.warnings,
        plan.calendar,
        frozenset(parameters.tables),
        marker,
        plan.pivot,
        form,
        copies=marker is None and plan.pivot is None and can_be_copied(plan.outputs, sql),
        shape=shape,
        asks=_asks(bound),
        has_buckets=any(isinstance(each, Starts) for each in bound),
    )


def compiled(statement: sa.SelectBase, parameters: Parameters) -> tuple[str, tuple[Bound, ...]]:
    """The text of a statement, and what its placeholders stand for, in their order."""
    written = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    order: list[str] = written.positiontup or []  # pyright: ignore[reportAttributeAccessIssue]
    named: Mapping[str, Bound] = parameters.by_name
    return str(written), tuple(named.get(name) or Fixed(written.params[name]) for name in order)


def _asks(places: Sequence[Bound]) -> tuple[ContextValue, ...] | None:
    """The values of a context among what is bound, where that depends on nothing else but the question's values."""
    asked: dict[ContextValue, None] = {}
    for each in places:
        if isinstance(each, Parameter):
            if each.conversion in (Conversion.PERIOD_START, Conversion.PERIOD_END):
                return None  # which may be relative to now
            if isinstance(each.source, ContextValue):
                asked[each.source] = None
        elif isinstance(each, Computed) or each == MARK:
            return None
    return tuple(asked)

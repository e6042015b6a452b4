"""A dimension's expression: the field itself, or the bucket it falls in.

A number's bin goes by its lower bound, as a numeric: it is exact, sorts, and says where to draw it. The bin below all
edges goes by minus infinity, so that it is not taken for null.

Days and coarser buckets are dates in the query's time zone. Hours and finer of a timestamptz stay instants, since the
hour that a clock shows twice in autumn is two hours.
"""

from __future__ import annotations

from typing import Literal

from prismiq.calendars import ISO, Calendar
from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import (
    NUMERIC,
    AsDate,
    AsText,
    AsTimestamp,
    BoundsBin,
    Cast,
    Conversion,
    Expression,
    Extract,
    LocalTime,
    Parameter,
    Shift,
    Truncate,
    WidthBin,
    Zone,
)
from prismiq.plan.question import Issues
from prismiq.query.definition import Granularity
from prismiq.query.shape import BoundsShape, Slot, WidthShape
from prismiq.schema.types import FLOATS, MOMENTS, NUMBERS, DataType

CYCLIC = frozenset(
    {
        Granularity.DAY_OF_WEEK,
        Granularity.HOUR_OF_DAY,
        Granularity.DAY_OF_MONTH,
        Granularity.MONTH_OF_YEAR,
        Granularity.QUARTER_OF_YEAR,
    }
)
WITHIN_DAY = frozenset({Granularity.SECOND, Granularity.MINUTE, Granularity.HOUR, Granularity.HOUR_OF_DAY})


_BY_YEAR = frozenset({Granularity.YEAR, Granularity.QUARTER, Granularity.QUARTER_OF_YEAR})
_BY_WEEK = frozenset({Granularity.WEEK, Granularity.DAY_OF_WEEK})


def bucket(
    part: Expression,
    granularity: Granularity | None,
    zone: Zone,
    loc: Location,
    issues: Issues,
    *,
    name: str,
    calendar: Calendar = ISO,
) -> Expression | None:
    """The expression of a dimension. Returns None, with the issue noted, where the field has no such buckets."""
    if granularity is None:
        return part
    kind = part.type.kind
    if kind not in MOMENTS:
        issues.add(
            (*loc, "granularity"),
            IssueCode.TYPE_MISMATCH,
            f'"{name}" is {kind}, and a granularity needs a date or a timestamp.',
            "Numbers have `bins` and `edges`." if kind in NUMBERS else "Leave `granularity` out.",
        )
        return None
    if kind is DataType.DATE and granularity in WITHIN_DAY:
        issues.add(
            (*loc, "granularity"),
            IssueCode.TYPE_MISMATCH,
            f'"{name}" is a date and has no {granularity}.',
            "Use day or a coarser granularity.",
        )
        return None
    unit, ahead = _shift(granularity, calendar)
    if granularity in CYCLIC:
        return Extract(_shifted(_clock(part, zone, ahead), unit, -ahead), granularity)
    if granularity in WITHIN_DAY:
        return Truncate(part, granularity, zone if kind is DataType.TIMESTAMPTZ else None, part.type)
    if granularity is Granularity.DAY:
        return part if kind is DataType.DATE else AsDate(_wall(part, zone))
    wall = _shifted(AsTimestamp(part) if kind is DataType.DATE else _wall(part, zone), unit, -ahead)
    return AsDate(_shifted(Truncate(wall, granularity, None, wall.type), unit, ahead))


def number_bucket(
    part: Expression, bins: WidthShape | BoundsShape, loc: Location, issues: Issues, *, name: str
) -> Expression | None:
    """The lower bound of the bin a number falls in. Returns None, with the issue noted, for what is no number."""
    kind = part.type.kind
    if kind not in NUMBERS:
        key = "edges" if isinstance(bins, BoundsShape) and not bins.even else "bins"
        hint = "Give it a `granularity` instead." if kind in MOMENTS else f"Leave `{key}` out."
        issues.add((*loc, key), IssueCode.TYPE_MISMATCH, f'"{name}" is {kind}, and `{key}` needs a number.', hint)
        return None
    exact = _exact(part)
    if isinstance(bins, WidthShape):
        start = None if bins.start is None else _number(bins.start, Conversion.BIN_START)
        return WidthBin(exact, _number(bins.width, Conversion.BIN_WIDTH), start)
    conversion = Conversion.EVEN_BINS if bins.even else Conversion.BIN_EDGES
    return BoundsBin(exact, Parameter(bins.value.index, NUMERIC, conversion, many=True, loc=bins.value.loc))


def _number(slot: Slot, conversion: Conversion) -> Parameter:
    return Parameter(slot.index, NUMERIC, conversion, loc=slot.loc)


def _exact(part: Expression) -> Expression:
    """As a numeric. A float by the digits it is written with: 0.3 belongs to the bin that begins with 0.3."""
    if part.type.kind is DataType.NUMERIC:
        return part
    return Cast(AsText(part) if part.type.kind in FLOATS else part, NUMERIC)


def _shift(granularity: Granularity, calendar: Calendar) -> tuple[Literal["days", "months"], int]:
    """How far after PostgreSQL's such buckets begin."""
    if granularity in _BY_WEEK:
        return "days", calendar.days
    if granularity is Granularity.QUARTER:
        return "months", calendar.months % 3
    return "months", calendar.months if granularity in _BY_YEAR else 0


def _shifted(wall: Expression, unit: Literal["days", "months"], count: int) -> Expression:
    return Shift(wall, unit, count, wall.type) if count else wall


def _clock(part: Expression, zone: Zone, ahead: int) -> Expression:
    """What a cyclic part is read from: a date is enough where nothing is shifted."""
    return AsTimestamp(part) if ahead and part.type.kind is DataType.DATE else _wall(part, zone)


def _wall(part: Expression, zone: Zone) -> Expression:
    return LocalTime(part, zone) if part.type.kind is DataType.TIMESTAMPTZ else part

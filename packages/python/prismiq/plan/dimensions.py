"""A dimension's expression: the field itself, or the bucket it falls in.

Days and coarser buckets are dates in the query's time zone. Hours and finer of a timestamptz stay instants, since the
hour that a clock shows twice in autumn is two hours.
"""

from __future__ import annotations

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import (
    AsDate,
    AsTimestamp,
    Expression,
    Extract,
    LocalTime,
    Truncate,
    Zone,
)
from prismiq.plan.question import Issues
from prismiq.query.definition import Granularity
from prismiq.schema.types import MOMENTS, DataType

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


def bucket(
    part: Expression, granularity: Granularity | None, zone: Zone, loc: Location, issues: Issues, *, name: str
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
            "Leave `granularity` out.",
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
    if granularity in CYCLIC:
        return Extract(_wall(part, zone), granularity)
    if granularity in WITHIN_DAY:
        return Truncate(part, granularity, zone if kind is DataType.TIMESTAMPTZ else None, part.type)
    if granularity is Granularity.DAY:
        return part if kind is DataType.DATE else AsDate(_wall(part, zone))
    wall = AsTimestamp(part) if kind is DataType.DATE else _wall(part, zone)
    return AsDate(Truncate(wall, granularity, None, wall.type))


def _wall(part: Expression, zone: Zone) -> Expression:
    return LocalTime(part, zone) if part.type.kind is DataType.TIMESTAMPTZ else part

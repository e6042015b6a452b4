"""Whether PostgreSQL may fail to compute a condition for some row.

It takes conditions in the order of their cost, and may come to a row before a row rule has taken it away. An error
would then tell of a row out of sight, so the tables of such a plan are fenced: see `prismiq.sql.relations`.
"""

from __future__ import annotations

from collections.abc import Sequence

from prismiq.plan.expressions import (
    Arithmetic,
    AsTimestamp,
    Call,
    Compare,
    Differs,
    Instant,
    LocalTime,
    Match,
    Output,
    Parameter,
    Shift,
    Stepped,
    Truncate,
    WidthBin,
)
from prismiq.plan.nodes import Filter, parts_within
from prismiq.schema.types import FLOATS, DataType

_CAST_BY_SERVER = frozenset({DataType.OTHER, DataType.TIMETZ})


def may_fail(parts: Sequence[object]) -> bool:
    """Whether among the parts of a plan there is a condition, or an output that one reads, that can raise an error."""
    asked = [part for each in parts if isinstance(each, Filter) for part in parts_within(each.condition)]
    if any(_fallible(part) for part in asked):
        return True
    # PostgreSQL may push a condition on an output down to where the output is computed.
    return any(isinstance(part, Output) for part in asked) and any(_fallible(part) for part in parts)


def _fallible(part: object) -> bool:
    match part:
        case Arithmetic(type=type_):
            return type_.kind is not DataType.BIGINT  # of two smaller integers, which has room
        case Call(function=function, type=type_, arguments=arguments):
            return (
                type_.kind is DataType.INTERVAL
                or function == "year_later"
                or (function in ("round", "trunc") and len(arguments) > 1)
            )
        case Compare(left=left, right=right) | Differs(left=left, right=right):
            # A numeric is cast to double there, which may not hold it.
            kinds = {left.type.kind, right.type.kind}
            return DataType.NUMERIC in kinds and bool(kinds & FLOATS)
        case Match(kind=kind):
            return kind == "regex"
        case Parameter(type=type_):
            return type_.kind in _CAST_BY_SERVER
        case _:
            # The last hours of PostgreSQL's calendar have no clock time in some zones, and nothing is before its first
            # day. A numeric of 131,072 digits has no room for one more.
            zoned = isinstance(part, Truncate) and part.zone is not None
            return zoned or isinstance(part, AsTimestamp | LocalTime | Instant | Shift | Stepped | WidthBin)

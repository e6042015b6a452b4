"""Moments, dates and the buckets they fall in; those of numbers too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prismiq.plan.expressions.types import DATE, INTEGER, NUMERIC, TIMESTAMP, TIMESTAMPTZ, ValueType
from prismiq.plan.expressions.values import Parameter, Zone
from prismiq.query.definition import Granularity

if TYPE_CHECKING:
    from prismiq.plan.expressions import Expression


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A timestamptz as wall time in a zone."""

    part: Expression
    zone: Zone
    type: ValueType = TIMESTAMP


@dataclass(frozen=True, slots=True)
class Instant:
    """A column that holds the wall time of a zone, as the instant it means."""

    part: Expression
    zone: Zone
    type: ValueType = TIMESTAMPTZ


@dataclass(frozen=True, slots=True)
class AsDate:
    """The date of a wall time."""

    part: Expression
    type: ValueType = DATE


@dataclass(frozen=True, slots=True)
class AsTimestamp:
    """The midnight that a date starts with, as wall time."""

    part: Expression
    type: ValueType = TIMESTAMP


@dataclass(frozen=True, slots=True)
class Truncate:
    """The start of the bucket that a moment falls in; `zone` only for a timestamptz."""

    part: Expression
    granularity: Granularity
    zone: Zone | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class Extract:
    """A cyclic part of a wall time, as an integer."""

    part: Expression
    granularity: Granularity
    type: ValueType = INTEGER


@dataclass(frozen=True, slots=True)
class Shift:
    """A wall time so many days or months later, or earlier."""

    part: Expression
    unit: Literal["days", "months"]
    count: int
    type: ValueType


@dataclass(frozen=True, slots=True)
class WidthBin:
    """The lower bound of the bin a number falls in, of bins of one width; some bin begins at `start`, or at 0."""

    part: Expression
    width: Parameter
    start: Parameter | None
    type: ValueType = NUMERIC


@dataclass(frozen=True, slots=True)
class BoundsBin:
    """The greatest of the ascending bounds that a number reaches; the first is minus infinity."""

    part: Expression
    bounds: Parameter
    type: ValueType = NUMERIC

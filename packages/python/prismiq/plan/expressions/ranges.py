"""Ranges that values bound, those they are compared with, and their buckets; computed when the statement is bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prismiq.plan.expressions.types import INTEGER, TIMESTAMPTZ, ValueType
from prismiq.plan.expressions.values import Parameter, Zone
from prismiq.query.definition import Granularity
from prismiq.query.shape import Another

if TYPE_CHECKING:
    from prismiq.plan.expressions import Expression


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a range begins or ends; `inclusive` says whether the value itself belongs to it."""

    value: Parameter
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Span:
    """The range that conditions bound on both sides: from the last of `lows` to the first of `highs`."""

    lows: tuple[Edge, ...]
    highs: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """The range that a current one is compared with: one that follows from it, or another. A current range that now
    lies in is compared with as much of the other as has passed of it."""

    span: Span
    to: Another | Span


@dataclass(frozen=True, slots=True)
class MovedBound:
    """Where a moved range begins, or with `end` the first moment after it; computed when the statement is bound."""

    range: Moved
    end: bool
    type: ValueType


@dataclass(frozen=True, slots=True)
class Starts:
    """The buckets that a range touches, in order: an array of their starts, computed when the statement is bound.

    With `like` there are as many as of that other range, the first being that of this one.
    """

    range: Span | Moved
    granularity: Granularity
    type: ValueType
    like: Moved | None = None
    shortcut: Literal["labels", "moments"] | None = None
    """For a shorter way to the same answer: where they cannot be told, the longer way is taken. As `moments` they are
    the instants at which the buckets begin, which are in order."""
    cycle: Granularity | None = None
    """With labels: in the place of each its number within this."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """The label at the place that a bucket, or a moment, has among `starts`, which are in order and not after it."""

    part: Expression
    starts: Starts
    labels: Starts
    type: ValueType


@dataclass(frozen=True, slots=True)
class Beat:
    """Where the first bucket of a range begins, or with `last` the last one; computed when the statement is bound.

    A shortcut: where the buckets are not all equally long, or too many, it cannot be told and the longer way is taken.
    """

    range: Span
    granularity: Granularity
    last: bool = False
    type: ValueType = TIMESTAMPTZ


@dataclass(frozen=True, slots=True)
class Stepped:
    """Where the bucket of a moment begins, all being as long as each other."""

    part: Expression
    first: Beat
    type: ValueType = TIMESTAMPTZ


@dataclass(frozen=True, slots=True)
class HourOfDay:
    """What a clock shows in the hour of a moment, asked once for each hour of the range from `first` to `last`."""

    part: Expression
    first: Beat
    last: Beat
    zone: Zone
    type: ValueType = INTEGER

"""Scalar expressions of a plan: typed, immutable, and without a value in them.

A value is a `Parameter`, bound when the statement is. Columns are named by the alias of the table instance they belong
to; above an aggregation or a distinct, by the output they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from prismiq.plan.expressions.aggregates import AggregateCall, Regrouped, RolledUp, Single, WindowCall
from prismiq.plan.expressions.conditions import (
    And,
    AnyOf,
    Comparator,
    Compare,
    Differs,
    Exists,
    Holds,
    IsNull,
    Match,
    Not,
    Or,
    Within,
)
from prismiq.plan.expressions.moments import (
    AsDate,
    AsTimestamp,
    BoundsBin,
    Extract,
    Instant,
    LocalTime,
    Shift,
    Truncate,
    WidthBin,
)
from prismiq.plan.expressions.ranges import (
    Aligned,
    Beat,
    Edge,
    HourOfDay,
    Moved,
    MovedBound,
    Span,
    Starts,
    Stepped,
)
from prismiq.plan.expressions.scalars import Arithmetic, AsText, Call, Case, Cast, OneValue
from prismiq.plan.expressions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    ValueType,
)
from prismiq.plan.expressions.values import (
    FALSE,
    TRUE,
    Column,
    Conversion,
    Null,
    Output,
    Parameter,
    RowCap,
    Truth,
    Whole,
    Zero,
    Zone,
)

__all__ = [
    "BIGINT",
    "BOOLEAN",
    "DATE",
    "DOUBLE",
    "FALSE",
    "INTEGER",
    "INTERVAL",
    "JSONB",
    "NUMERIC",
    "TEXT",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TRUE",
    "AggregateCall",
    "Aligned",
    "And",
    "AnyOf",
    "Arithmetic",
    "AsDate",
    "AsText",
    "AsTimestamp",
    "Beat",
    "BoundsBin",
    "Call",
    "Case",
    "Cast",
    "Column",
    "Comparator",
    "Compare",
    "Conversion",
    "Differs",
    "Edge",
    "Exists",
    "Expression",
    "Extract",
    "Holds",
    "HourOfDay",
    "Instant",
    "IsNull",
    "LocalTime",
    "Match",
    "Moved",
    "MovedBound",
    "Named",
    "Not",
    "Null",
    "OneValue",
    "Or",
    "Output",
    "Parameter",
    "Regrouped",
    "RolledUp",
    "RowCap",
    "Shift",
    "Single",
    "Span",
    "Starts",
    "Stepped",
    "Truncate",
    "Truth",
    "ValueType",
    "Whole",
    "WidthBin",
    "WindowCall",
    "Within",
    "Zero",
    "Zone",
]

Expression = (
    Column
    | Output
    | Parameter
    | MovedBound
    | Starts
    | Aligned
    | Beat
    | Stepped
    | HourOfDay
    | Zone
    | Null
    | Zero
    | Truth
    | Whole
    | RowCap
    | RolledUp
    | Compare
    | AnyOf
    | Match
    | Holds
    | IsNull
    | And
    | Or
    | Not
    | Exists
    | Within
    | OneValue
    | LocalTime
    | Instant
    | AsDate
    | AsText
    | AsTimestamp
    | Arithmetic
    | Call
    | Case
    | Cast
    | Differs
    | Truncate
    | Extract
    | Shift
    | WidthBin
    | BoundsBin
    | AggregateCall
    | Regrouped
    | WindowCall
    | Single
)


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name it goes by in the relation it helps to make."""

    name: str
    expression: Expression

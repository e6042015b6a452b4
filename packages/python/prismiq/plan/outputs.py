"""What a result's columns are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from prismiq.schema.types import DataType


class Role(str, Enum):
    """What an output is in the query."""

    DIMENSION = "dimension"
    MEASURE = "measure"
    CALCULATION = "calculation"
    COLUMN = "column"
    FLAG = "flag"
    """What the engine says of the row itself."""


@dataclass(frozen=True, slots=True)
class PivotedFrom:
    """What a column of a pivot holds: `measure` where the dimension has this value."""

    dimension: str
    value: Any
    measure: str
    is_other: bool = False
    """Whether it is of the values that `top` left over, whatever the value says."""


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """One column of a result. `source` is `table.column` for an output that is a plain or bucketed column."""

    name: str
    type: DataType
    role: Role
    label: str
    granularity: str | None = None
    source: str | None = None
    grain: str | None = None
    """For a measure: the path whose rows it is computed over."""
    binned: bool = False
    """Whether a value is the lower bound of a bin."""
    element: DataType | None = None
    """Of an array."""
    format: str | None = None
    """How to show the values, as the query or the configuration says."""
    pivot: PivotedFrom | None = None
    """For a column that a pivot made."""

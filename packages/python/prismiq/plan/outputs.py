"""What a result's columns are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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

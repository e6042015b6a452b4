"""What the caller asks: the definition, its filters, and its shape."""

from prismiq.query.definition import (
    Aggregate,
    Calculation,
    Comparison,
    Dimension,
    Granularity,
    Join,
    JoinPair,
    Measure,
    Metric,
    NamedDimension,
    NestedQuery,
    OrderBy,
    QueryDefinition,
)
from prismiq.query.fields import Path
from prismiq.query.filters import And, Condition, Exists, Filter, Not, Operator, Or
from prismiq.query.stages import Pivot, Top

__all__ = [
    "Aggregate",
    "And",
    "Calculation",
    "Comparison",
    "Condition",
    "Dimension",
    "Exists",
    "Filter",
    "Granularity",
    "Join",
    "JoinPair",
    "Measure",
    "Metric",
    "NamedDimension",
    "NestedQuery",
    "Not",
    "Operator",
    "Or",
    "OrderBy",
    "Path",
    "Pivot",
    "QueryDefinition",
    "Top",
]

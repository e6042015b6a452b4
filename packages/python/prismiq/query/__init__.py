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
    NestedQuery,
    OrderBy,
    QueryDefinition,
)
from prismiq.query.fields import Path
from prismiq.query.filters import And, Condition, Exists, Filter, Not, Operator, Or

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
    "NestedQuery",
    "Not",
    "Operator",
    "Or",
    "OrderBy",
    "Path",
    "QueryDefinition",
]

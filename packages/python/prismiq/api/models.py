"""What answers look like, for OpenAPI. Nothing runs through these models; they are for readers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from prismiq.api.problems import ProblemIssue


class PivotedFrom(BaseModel):
    """The measure and the value of the pivoted dimension that a column is of."""

    dimension: str
    value: Any
    measure: str
    is_other: bool | None = Field(default=None, description="True for the values that `top` left over.")


class ResultColumn(BaseModel):
    """One column of a result."""

    name: str
    type: str = Field(examples=["numeric"])
    element: str | None = Field(default=None, description="The type of an array's elements.")
    role: str = Field(examples=["measure"], description="dimension, measure or column")
    label: str
    format: str | None = Field(
        default=None, description="How to show the values, as the query or the configuration says."
    )
    granularity: str | None = None
    source: str | None = Field(default=None, description="table.column of a plain or bucketed column.")
    grain: str | None = Field(default=None, description="The path whose rows a measure is computed over.")
    binned: bool | None = Field(
        default=None,
        description="True for `bins` and `edges`: the value is a bin's lower bound, and may be the text `-Infinity`.",
    )
    pivot: PivotedFrom | None = Field(default=None, description="For a column that a pivot made: what it holds.")


class ResultMeta(BaseModel):
    """What is true of a result however often it is sent."""

    cached: bool
    as_of: str = Field(description="When PostgreSQL had answered, ISO 8601.")
    warnings: list[str]


class QueryResponse(BaseModel):
    """A result: columns, and rows as arrays in their order."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    row_count: int
    truncated: bool = Field(description="Whether more rows existed than the engine's row cap let through.")
    meta: ResultMeta


class ValidationResponse(BaseModel):
    """Whether a query can be answered, and every reason why not."""

    valid: bool
    issues: list[ProblemIssue]


class SqlResponse(BaseModel):
    """A compiled query: `$1` in the SQL is the first of `args`."""

    sql: str
    args: list[Any]
    columns: list[ResultColumn]
    warnings: list[str]


class ExplainResponse(BaseModel):
    """How a query will be answered."""

    plan: list[str] = Field(description="The plan's tree, a line a node.")
    sql: str
    postgresql: list[Any] = Field(description="EXPLAIN (FORMAT JSON), not run.")


class HealthResponse(BaseModel):
    """A sign of life."""

    status: str = Field(examples=["ok"])

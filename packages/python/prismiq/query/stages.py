"""What can be done with groups once they are made: keep the first of a ranking, add totals, pivot."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from prismiq.query.fields import Name, Reference

Totals = Literal["grand", "rollup"]
"""One total of everything, or one for each number of dimensions left from the first on."""


class _Stage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Top(_Stage):
    """Keeps the `n` values of one dimension that have the largest measure, ranked over the whole result."""

    dimension: Reference = Field(description="The output name of the dimension whose values are ranked.")
    n: int = Field(ge=1, le=10_000, description="How many values are kept.")
    by: Reference = Field(description="The output name of the measure to rank by; it may be hidden.")
    descending: bool = Field(default=True, description="False keeps the smallest. Nulls rank last both ways.")
    other: Name | None = Field(
        default=None,
        description=(
            "Puts the rows of all other values in one group, called so; `<dimension>__is_other` is true for it. "
            "Without it they are left out."
        ),
    )


class Pivot(_Stage):
    """Makes columns of the values of one dimension: each of `values` has a column for each of them."""

    dimension: Reference = Field(description="The output name of the dimension whose values become columns.")
    values: tuple[Reference, ...] = Field(
        default=(),
        max_length=100,
        description="The output names of the measures and calculations to spread; all that are shown by default.",
    )

"""How a number is put into bins: of one width, so many between two values, or between bounds of one's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from prismiq.errors import IssueCode

MAX_BINS = 1000


def _refuse_truth(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError(IssueCode.INVALID_VALUE.value, "A number is expected, not true or false.")
    return value


def _as_json(number: Decimal) -> int | float | str:
    """The shortest JSON that reads back as the same number."""
    if number == number.to_integral_value() and abs(number) < 2**53:
        return int(number)
    return float(number) if Decimal(repr(float(number))) == number else str(number)


Number = Annotated[
    Decimal,
    BeforeValidator(_refuse_truth, json_schema_input_type=float),
    PlainSerializer(_as_json, return_type=int | float | str, when_used="json"),
]
"""An exact number, as JSON writes it."""


class Bins(BaseModel):
    """Bins of one width: either `width` (and where they `start`), or a `count` of them from `min` up to `max`.

    Each holds its lower bound and not its upper one. A bin goes by its lower bound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Number | None = Field(default=None, gt=0, description="How wide each bin is.")
    start: Number | None = Field(default=None, description="With `width`: a bound of some bin; 0 where absent.")
    count: int | None = Field(
        default=None,
        ge=1,
        le=MAX_BINS - 1,
        strict=True,
        description="How many bins there are from `min` up to `max`; what lies outside gets a bin on either side.",
    )
    min: Number | None = Field(default=None, description="With `count`: where the first bin begins.")
    max: Number | None = Field(default=None, description="With `count`: where the last bin ends.")

    @model_validator(mode="after")
    def _one_form(self) -> Bins:
        given = {name for name in ("width", "start", "count", "min", "max") if getattr(self, name) is not None}
        if given not in ({"width"}, {"width", "start"}, {"count", "min", "max"}):
            raise PydanticCustomError(
                IssueCode.INVALID.value,
                "Bins have a `width` and maybe a `start`, or a `count` with `min` and `max`.",
            )
        return self

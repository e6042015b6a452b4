"""Which arguments each function of the published list takes, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prismiq.errors import Location
from prismiq.plan.expressions import (
    BIGINT,
    INTEGER,
    JSONB,
    NUMERIC,
    TEXT,
    Call,
    Cast,
    Expression,
    LocalTime,
    Parameter,
    ValueType,
    Zone,
)
from prismiq.plan.question import Issues
from prismiq.plan.resolve.dimensions import bucket
from prismiq.plan.resolve.scalar_casts import UnfitError, whole, widened
from prismiq.query.definition import Granularity
from prismiq.query.expressions import tree as t
from prismiq.query.shape import Form, Slot
from prismiq.schema.types import EXACT, FLOATS, MOMENTS, NUMBERS, DataType

AsText = Callable[[Expression], Expression]
_TEXT_ARGUMENTS: Mapping[str, int] = {
    "lower": 1,
    "upper": 1,
    "trim": 1,
    "length": 1,
    "left": 1,
    "right": 1,
    "substring": 1,
    "replace": 3,
    "strpos": 2,
    "split_part": 2,
    "concat": 20,
}
"""How many of the first arguments are text; the others are whole numbers."""
_TIME_PARTS = frozenset({"second", "minute", "hour"})


def call(function: str, arguments: Sequence[Expression], unit: str | None, zone: Zone, as_text: AsText) -> Expression:
    """A typed call. Raises UnfitError where the arguments do not fit."""
    if function in _TEXT_ARGUMENTS:
        return _text(function, arguments, as_text)
    first = arguments[0]
    if function == "date_trunc":
        return _date_trunc(first, unit or "", zone)
    if function == "extract":
        return _extract(first, unit or "", zone)
    if function == "cardinality":
        if first.type.kind is not DataType.ARRAY:
            raise UnfitError(f"cardinality counts an array's elements, and this is {first.type.kind}.")
        return Call(function, (first,), INTEGER)
    return _number(function, arguments)


def json_step(operator: str, left: Expression, key: t.Tree[Slot], loc: Location) -> Expression:
    """A step into a JSON value by a key or a position; `->>` gives text. Raises UnfitError."""
    if left.type.kind not in (DataType.JSON, DataType.JSONB):
        raise UnfitError(f"{operator} reads JSON, and this is {left.type.kind}.")
    if not isinstance(key, t.Value) or key.value.form not in (Form.TEXT, Form.DATE, Form.INTEGER):
        raise UnfitError(f"{operator} takes a key as text or a position as a whole number.")
    type_ = INTEGER if key.value.form is Form.INTEGER else TEXT
    step = Parameter(key.value.index, type_, loc=loc)
    return Call(operator, (left, step), TEXT if operator == "->>" else JSONB)


def _text(function: str, arguments: Sequence[Expression], as_text: AsText) -> Expression:
    texts = _TEXT_ARGUMENTS[function]
    built: list[Expression] = []
    for position, each in enumerate(arguments):
        if position < texts:
            built.append(each if each.type.kind is DataType.TEXT else as_text(each))
        elif each.type.kind in EXACT:
            built.append(whole(each))
        else:
            raise UnfitError(f"{function} takes a whole number there, and this is {each.type.kind}.")
    return Call(function, tuple(built), INTEGER if function in ("length", "strpos") else TEXT)


def _number(function: str, arguments: Sequence[Expression]) -> Expression:
    for each in arguments:
        if each.type.kind not in NUMBERS:
            raise UnfitError(f"{function} takes numbers, and this is {each.type.kind}.")
    first = arguments[0]
    if function == "abs":
        return Call(function, (widened(first),), widened(first).type)
    digits = [whole(each) for each in arguments[1:]]
    if first.type.kind in FLOATS and not digits:
        return Call(function, (first,), ValueType(DataType.DOUBLE))
    # PostgreSQL rounds to digits, and takes the sign of an integer, as numeric only.
    exact = first if first.type.kind is DataType.NUMERIC else Cast(first, NUMERIC)
    return Call(function, (exact, *digits), NUMERIC)


def _date_trunc(part: Expression, unit: str, zone: Zone) -> Expression:
    issues = Issues()
    found = bucket(part, Granularity(unit), zone, (), issues, name="date_trunc")
    if found is None:
        raise UnfitError(issues.found[0].message, issues.found[0].hint)
    return found


def _extract(part: Expression, unit: str, zone: Zone) -> Expression:
    kind = part.type.kind
    if kind is DataType.INTERVAL and unit not in ("dow", "isodow", "doy", "week", "isoyear", "quarter"):
        return Call("extract", (part,), NUMERIC, unit)
    if kind not in MOMENTS:
        raise UnfitError(f"extract reads a part of a date or timestamp, and this is {kind}.")
    if kind is DataType.DATE and unit in _TIME_PARTS:
        raise UnfitError(f"A date has no {unit}.")
    wall = part
    if kind is DataType.TIMESTAMPTZ and unit != "epoch":
        wall = LocalTime(part, zone)
    found = Call("extract", (wall,), NUMERIC, unit)
    # Years of infinity are infinite, and the only whole parts that cannot be a bigint.
    return found if unit in ("second", "epoch", "year", "isoyear") else Cast(found, BIGINT)

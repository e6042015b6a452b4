"""Casts that cannot fail: a value that does not fit the wanted type becomes NULL, never an error that tells of it."""

from __future__ import annotations

from dataclasses import replace

from prismiq.plan.expressions import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    AsDate,
    AsText,
    AsTimestamp,
    Call,
    Cast,
    Expression,
    LocalTime,
    Parameter,
    ValueType,
    Zone,
)
from prismiq.schema.types import EXACT, INTEGERS, MOMENTS, NUMBERS, DataType

_TARGETS = {
    DataType.BOOLEAN: BOOLEAN,
    DataType.INTEGER: INTEGER,
    DataType.BIGINT: BIGINT,
    DataType.NUMERIC: NUMERIC,
    DataType.DOUBLE: DOUBLE,
    DataType.TEXT: TEXT,
    DataType.DATE: DATE,
    DataType.TIMESTAMP: TIMESTAMP,
    DataType.TIMESTAMPTZ: TIMESTAMPTZ,
}


class UnfitError(Exception):
    """A part of an expression does not fit; `message` says which and `hint` what would."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def cast_to(
    part: Expression, kind: DataType, zone: Zone, precision: int | None = None, scale: int | None = None
) -> Expression:
    """The expression as another plain type. Raises UnfitError where there is no such cast."""
    source, target = part.type.kind, _TARGETS[kind]
    if source is kind and precision is None:
        return part
    if kind is DataType.TEXT:
        return AsText(LocalTime(part, zone) if source is DataType.TIMESTAMPTZ else part)
    if source in MOMENTS and kind in MOMENTS:
        return _moment(part, kind, zone)
    if kind in NUMBERS and (source in NUMBERS or source is DataType.TEXT):
        return _number(part, target, precision, scale)
    if source is DataType.BOOLEAN and kind is DataType.INTEGER:
        return Cast(part, INTEGER)
    raise UnfitError(f"There is no cast from {source} to {kind}.", "Numbers, moments, and all to text can be cast.")


def comparable(left: Expression, right: Expression, zone: Zone) -> tuple[Expression, Expression]:
    """Both sides in types that PostgreSQL compares without the session's time zone. Raises UnfitError."""
    kinds = {left.type.kind, right.type.kind}
    if left.type.comparable and right.type.comparable:
        if kinds == {DataType.ENUM} and left.type != right.type:
            return AsText(left), AsText(right)
        if len(kinds) == 1 or kinds <= NUMBERS:
            return left, right
        if kinds <= MOMENTS:
            return cast_to(left, DataType.TIMESTAMP, zone), cast_to(right, DataType.TIMESTAMP, zone)
        if kinds == {DataType.ENUM, DataType.TEXT}:
            return cast_to(left, DataType.TEXT, zone), cast_to(right, DataType.TEXT, zone)
    raise UnfitError(f"{left.type.kind} and {right.type.kind} cannot be compared.", "Cast one of them.")


def are_joinable(left: ValueType, right: ValueType) -> bool:
    """Whether two columns can be joined by equality as they are: what is unique stays so."""
    kinds = {left.kind, right.kind}
    if not (left.comparable and right.comparable):
        return False
    if DataType.ENUM in kinds or DataType.ARRAY in kinds or DataType.OTHER in kinds:
        return left == right
    return len(kinds) == 1 or kinds <= EXACT


def widened(part: Expression) -> Expression:
    """An integer one size up, where its arithmetic cannot overflow; anything else as it is."""
    if part.type.kind in (DataType.SMALLINT, DataType.INTEGER):
        return Cast(part, BIGINT)
    if part.type.kind is not DataType.BIGINT:
        return part
    return bound_as_numeric(part) if isinstance(part, Parameter) else Cast(part, NUMERIC)


def bound_as_numeric(part: Expression) -> Expression:
    """A whole number of the caller's bound as a numeric, which saves a cast; anything else as it is."""
    whole_value = isinstance(part, Parameter) and part.type.kind in INTEGERS and not part.many
    return replace(part, type=NUMERIC) if whole_value else part


def whole(part: Expression) -> Expression:
    """A whole number as a 32-bit integer, which is what functions count and rank by; NULL beyond it."""
    return replace(part, type=INTEGER) if isinstance(part, Parameter) else Call("guarded_integer", (part,), INTEGER)


def _moment(part: Expression, kind: DataType, zone: Zone) -> Expression:
    source = part.type.kind
    if kind is DataType.TIMESTAMPTZ:
        return LocalTime(_moment(part, DataType.TIMESTAMP, zone), zone, TIMESTAMPTZ)
    wall: Expression = part
    if source is DataType.TIMESTAMPTZ:
        wall = LocalTime(part, zone)
    elif source is DataType.DATE and kind is DataType.TIMESTAMP:
        wall = AsTimestamp(part)
    return AsDate(wall) if kind is DataType.DATE and source is not DataType.DATE else wall


def _number(part: Expression, target: ValueType, precision: int | None, scale: int | None) -> Expression:
    if precision is not None and not (1 <= precision <= 1000 and 0 <= (scale or 0) <= precision):
        raise UnfitError("A numeric has a precision of 1 to 1000, and a scale no larger.")
    exact = part
    if part.type.kind is DataType.TEXT:
        exact = Call("text_to_numeric", (part,), NUMERIC)
    if target.kind in INTEGERS:
        narrows = exact.type.kind not in EXACT or _size(exact.type.kind) > _size(target.kind)
        return Call("guarded_integer", (exact,), target) if narrows else Cast(exact, target)
    if precision is not None:
        return Call("guarded_numeric", (exact,), NUMERIC, f"{precision},{scale or 0}")
    if target.kind is DataType.DOUBLE and exact.type.kind is DataType.NUMERIC:
        return Call("guarded_double", (exact,), DOUBLE)
    if isinstance(exact, Parameter) and target.kind is DataType.NUMERIC:
        return bound_as_numeric(exact)
    return Cast(exact, target)


def _size(kind: DataType) -> int:
    return (DataType.SMALLINT, DataType.INTEGER, DataType.BIGINT, DataType.NUMERIC).index(kind)

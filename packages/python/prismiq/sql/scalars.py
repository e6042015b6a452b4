"""The scalar expressions of callers in SQLAlchemy Core, guarded where PostgreSQL's own would raise an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan import expressions as plan
from prismiq.plan.expressions import Expression
from prismiq.schema.types import FLOATS, DataType
from prismiq.sql.types import sql_type

SQL = sa.ColumnElement[Any]
Write = Callable[[Expression], SQL]
_DOUBLE = sql_type(plan.DOUBLE)
# Not \s and \d, which also match spaces and digits that the cast refuses.
_NUMBER = r"^[ \t\n\r\f\v]*[+-]?([0-9]{1,200}(\.[0-9]{0,200})?|\.[0-9]{1,200})([eE][+-]?[0-9]{1,2})?[ \t\n\r\f\v]*$"
_RANGES: Mapping[DataType, int] = {DataType.SMALLINT: 2**15, DataType.INTEGER: 2**31, DataType.BIGINT: 2**63}
_DOUBLE_MIN: SQL = sa.literal_column("1e-323")
_DOUBLE_MAX: SQL = sa.literal_column("1.7976931348623157e308")


def write_arithmetic(each: plan.Arithmetic, write: Write) -> SQL:
    """An operation, its left side cast so that the result has room; by zero gives NULL."""
    left, right = write(each.left), write(each.right)
    if each.type.kind in (DataType.BIGINT, DataType.NUMERIC) and each.left.type.kind is not each.type.kind:
        left = sa.cast(left, sql_type(each.type))
    if each.type.kind is DataType.DOUBLE and each.left.type.kind not in FLOATS:
        left = sa.cast(left, _DOUBLE)
    if each.operator in ("/", "%"):
        right = sa.func.nullif(right, sa.literal_column("0"))
    return left.self_group().op(each.operator)(right.self_group()).self_group()


def write_case(each: plan.Case, write: Write) -> SQL:
    """CASE WHEN … THEN … END."""
    whens = [(write(when), write(then)) for when, then in zip(each.conditions, each.results, strict=True)]
    return sa.case(*whens, else_=None if each.otherwise is None else write(each.otherwise))


def write_call(each: plan.Call, write: Write) -> SQL:
    """A function, an operator or a guarded cast, by its name."""
    arguments = [write(part) for part in each.arguments]
    special = _SPECIAL.get(each.function)
    if special is not None:
        return special(each, arguments)
    return getattr(sa.func, _NAMES.get(each.function, each.function))(*arguments, type_=sql_type(each.type))


def _operator(each: plan.Call, arguments: list[SQL]) -> SQL:
    return arguments[0].self_group().op(each.function)(arguments[1].self_group()).self_group()


def _negate(_: plan.Call, arguments: list[SQL]) -> SQL:
    return (-arguments[0].self_group()).self_group()


def _extract(each: plan.Call, arguments: list[SQL]) -> SQL:
    return sa.extract(each.unit or "", arguments[0])


def _at_least(index: int, floor: int) -> Callable[[plan.Call, list[SQL]], SQL]:
    """A function that refuses a small number there: it gets the floor instead, or with 0 for `split_part` NULL."""

    def write(each: plan.Call, arguments: list[SQL]) -> SQL:
        if len(arguments) > index:
            arguments[index] = sa.func.greatest(arguments[index], sa.literal_column(str(floor)))
        return getattr(sa.func, each.function)(*arguments, type_=pg.TEXT())

    return write


def _split_part(_: plan.Call, arguments: list[SQL]) -> SQL:
    arguments[2] = sa.func.nullif(arguments[2], sa.literal_column("0"))
    return sa.func.split_part(*arguments, type_=pg.TEXT())


def _year_later(_: plan.Call, arguments: list[SQL]) -> SQL:
    return arguments[0].self_group().op("+")(sa.literal_column("INTERVAL '1 year'")).self_group()


def _text_to_numeric(_: plan.Call, arguments: list[SQL]) -> SQL:
    (text,) = arguments
    return sa.case((text.op("~")(sa.literal(_NUMBER, literal_execute=True)), sa.cast(text, sa.Numeric())))


def _guarded_integer(each: plan.Call, arguments: list[SQL]) -> SQL:
    (number,) = arguments
    bound = _RANGES[each.type.kind]
    if each.arguments[0].type.kind in FLOATS:
        number = sa.cast(number, sa.Numeric())
    rounded = sa.func.round(sa.cast(number, sa.Numeric()))
    inside = rounded.between(sa.literal_column(str(-bound)), sa.literal_column(str(bound - 1)))
    return sa.case((inside, sa.cast(number, sql_type(each.type))))


def _guarded_numeric(each: plan.Call, arguments: list[SQL]) -> SQL:
    precision, scale = (int(part) for part in (each.unit or "").split(","))
    number = sa.cast(arguments[0], sa.Numeric())
    room: SQL = sa.literal_column("1e" + str(precision - scale))
    inside = sa.func.abs(sa.func.round(number, sa.literal_column(str(scale)))) < room
    return sa.case((inside, sa.cast(number, sa.Numeric(precision, scale))))


def _guarded_double(_: plan.Call, arguments: list[SQL]) -> SQL:
    (number,) = arguments
    inside = sa.or_(sa.func.abs(number).between(_DOUBLE_MIN, _DOUBLE_MAX), number == sa.literal_column("0"))
    return sa.case((inside, sa.cast(number, _DOUBLE)))


_NAMES: Mapping[str, str] = {"trim": "btrim"}
_SPECIAL: Mapping[str, Callable[[plan.Call, list[SQL]], SQL]] = {
    "||": _operator,
    "->": _operator,
    "->>": _operator,
    "negate": _negate,
    "extract": _extract,
    "substring": _at_least(2, 0),
    "split_part": _split_part,
    "year_later": _year_later,
    "text_to_numeric": _text_to_numeric,
    "guarded_integer": _guarded_integer,
    "guarded_numeric": _guarded_numeric,
    "guarded_double": _guarded_double,
}

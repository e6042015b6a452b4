"""The bins of numbers: their bounds as the driver takes them, and where a number falls, in SQLAlchemy Core."""

from __future__ import annotations

import itertools
from decimal import Decimal, localcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

SQL = sa.ColumnElement[Any]
_BELOW = Decimal("-Infinity")
MOST_DIGITS = 100
"""Before and behind the decimal point: with more there would be no room to compute in."""


class BinError(ValueError):
    """These are no bins; the message says why."""


def width_bin(number: SQL, width: SQL, start: SQL | None) -> SQL:
    """`start + width * floor((number - start) / width)`, by whole quotients, since a rounded one may reach the next."""
    past = number if start is None else (number - start).self_group()
    zero: SQL = sa.literal_column("0")
    below = sa.func.least(sa.func.sign(sa.func.mod(past, width)), zero)
    bound = width * (sa.func.div(past, width, type_=sa.Numeric()) + below).self_group()
    return bound.self_group() if start is None else (start + bound).self_group()


def bounds_bin(number: SQL, bounds: SQL) -> SQL:
    """The bound at the place that PostgreSQL finds by bisection."""
    place = sa.func.width_bucket(number, bounds)
    return sa.type_coerce(Grouping(bounds)[place], sa.Numeric())


def checked(number: Decimal) -> Decimal:
    """The number, where bins can be computed with it. Raises BinError."""
    exponent = number.as_tuple().exponent
    if number.adjusted() > MOST_DIGITS or (isinstance(exponent, int) and exponent < -MOST_DIGITS):
        raise BinError(f"A bound has at most {MOST_DIGITS} digits before and behind the decimal point.")
    return number


def edge_bounds(edges: list[Decimal]) -> list[Decimal]:
    """The lower bounds of the bins that ascending edges make. Raises BinError."""
    if any(low >= high for low, high in itertools.pairwise(edges)):
        raise BinError("Edges ascend, and no two are equal.")
    return [_BELOW, *(checked(edge) for edge in edges)]


def even_bounds(low: Decimal, high: Decimal, count: int) -> list[Decimal]:
    """The lower bounds of so many equal bins and of those on either side. Raises BinError."""
    if not checked(low) < checked(high):
        raise BinError("`max` is greater than `min`.")
    with localcontext() as context:
        context.prec = 4 * MOST_DIGITS
        step = (high - low) / count
        context.prec = 28
        inner = [+(low + step * number) for number in range(1, count)]
    return edge_bounds([low, *(each.normalize() for each in inner), high])

"""About how many different values there are, by PostgreSQL's extension hll (HyperLogLog)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan.expressions import AggregateCall
from prismiq.schema.types import FLOATS, DataType

SQL = sa.ColumnElement[Any]

_WHOLE = frozenset({DataType.SMALLINT, DataType.INTEGER, DataType.BIGINT})


def approximate_count(call: AggregateCall, value: SQL, where: SQL | None) -> SQL:
    """The count as a whole number, 0 of no rows. The functions are those of the schema that the extension is in."""
    assert call.extension is not None and call.argument is not None, "without the extension it is refused"
    functions = getattr(sa.func, call.extension)
    gathered = functions.hll_add_agg(_hashed(value, call.argument.type.kind, functions))
    if where is not None:
        gathered = gathered.filter(where)
    counted = sa.func.round(functions.hll_cardinality(gathered))
    return sa.cast(sa.func.coalesce(counted, sa.literal_column("0")), sa.BigInteger())


def _hashed(value: SQL, kind: DataType, functions: Any) -> SQL:
    """A hash in which equal values agree: a number's trailing zeros and the sign of zero do not tell."""
    if kind in _WHOLE:
        return functions.hll_hash_bigint(sa.cast(value, sa.BigInteger()))
    if kind is DataType.NUMERIC:
        return functions.hll_hash_text(sa.cast(sa.func.trim_scale(value), pg.TEXT()))
    if kind in FLOATS:
        return functions.hll_hash_any(value + sa.literal_column("0"))
    if kind in (DataType.TEXT, DataType.ENUM, DataType.UUID):
        return functions.hll_hash_text(sa.cast(value, pg.TEXT()))
    return functions.hll_hash_any(value)

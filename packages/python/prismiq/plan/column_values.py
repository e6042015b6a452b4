"""The question that lists a column's values, for whoever builds a filter."""

from __future__ import annotations

from difflib import get_close_matches

from prismiq.access.scope import ScopedSchema
from prismiq.errors import Issue, IssueCode, NotFoundError, QueryError
from prismiq.query import Condition, Dimension, Operator, QueryDefinition
from prismiq.query.fields import Path
from prismiq.schema.types import DataType


def column_values(
    scoped: ScopedSchema, table: str | Path, column: str, *, search: str | None, limit: int
) -> QueryDefinition:
    """Raises NotFoundError for a table or a column that does not exist for the caller, QueryError for a search in a
    column that is not text."""
    found = scoped.find(table)
    if found is None or column not in found.columns:
        near = get_close_matches(column, [] if found is None else found.columns, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else "GET /schema lists them."
        raise NotFoundError(f'There is no column "{column}" in a table "{table}".', hint=hint)
    field = Path(path=(column,))
    kind = found.columns[column].type
    if search and kind not in (DataType.TEXT, DataType.ENUM):
        message = f'"{column}" is {kind}; only text can be searched.'
        raise QueryError([Issue(("search",), IssueCode.TYPE_MISMATCH, message, "Leave `search` out.")])
    contains = Condition(field=field, operator=Operator.CONTAINS, value=search, case_sensitive=False)
    return QueryDefinition(
        source=table, dimensions=(Dimension(field=field),), filters=contains if search else None, limit=limit
    )

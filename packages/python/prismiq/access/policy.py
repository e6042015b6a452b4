"""What a context may see: tables, rows, columns. Pure data; `prismiq.access.scope` applies it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mask(str, Enum):
    """What happens to a column that may not be read as it is."""

    HIDDEN = "hidden"
    """The column does not exist for the caller."""


class RowFilter(_Policy):
    """Keeps the rows whose `column` equals the context's attribute, or is one of it where the attribute is a list."""

    column: str
    attribute: str
    operator: Literal["eq", "in"] = "eq"


class TablePolicy(_Policy):
    """What the policy says of one table, named `orders` or `sales.orders`."""

    visible: bool = True
    visible_to: frozenset[str] | None = Field(default=None, description="Roles; None is everyone.")
    shared: bool = Field(default=False, description="Readable by all tenants: the tenant column is not asked for.")
    tenant_column: str | None = Field(default=None, description="Where this table's differs from the policy's.")
    rows: tuple[RowFilter, ...] = ()
    columns: Mapping[str, Mask] = Field(default_factory=dict)


class AccessPolicy(_Policy):
    """The rules for every caller of an engine. It fails closed.

    With a `tenant_column`, a table that has the column is filtered by `context.tenant`; one that lacks it is invisible
    unless its `TablePolicy` is `shared` or has `rows`.
    """

    tenant_column: str | None = None
    tables: Mapping[str, TablePolicy] = Field(default_factory=dict)
    sql_visible_to: frozenset[str] | Literal["everyone"] = Field(
        default=frozenset(),
        description="Roles that may see compiled SQL and EXPLAIN, which show policy columns.",
    )
    is_open: bool = Field(default=False, description="Set by `AccessPolicy.open()`.")

    @classmethod
    def open(cls) -> AccessPolicy:
        """Every readable table and column, for whoever the host lets in. Says it out loud."""
        return cls(is_open=True, sql_visible_to="everyone")

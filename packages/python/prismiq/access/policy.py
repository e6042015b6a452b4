"""What a context may see: tables, rows, columns. Pure data; `prismiq.access.scope` applies it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from prismiq.settings import Settings


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


class RoleFromAttribute(_Policy):
    """The database role that the context's attribute names."""

    attribute: str


class Limits(_Policy):
    """What a policy allows where it differs from the engine's settings, under the same names."""

    statement_timeout: float | None = Field(default=None, gt=0)
    row_cap: int | None = Field(default=None, ge=1)
    max_result_bytes: int | None = Field(default=None, ge=1)
    max_cost: float | None = Field(default=None, gt=0)
    max_filters: int | None = Field(default=None, ge=1)
    max_depth: int | None = Field(default=None, ge=1)
    max_list_values: int | None = Field(default=None, ge=1)
    max_outputs: int | None = Field(default=None, ge=1)
    max_joined_tables: int | None = Field(default=None, ge=1)
    max_concurrent_per_tenant: int | None = Field(default=None, ge=1)
    max_waiting_per_tenant: int | None = Field(default=None, ge=0)

    def over(self, settings: Settings) -> Settings:
        """The settings with these limits in their places."""
        return settings.model_copy(update=self.model_dump(exclude_none=True))


SettingName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)+$")]
"""Of a setting of the application's own, which has a dot in it. One of PostgreSQL's could undo a limit."""


class AccessPolicy(_Policy):
    """The rules for every caller of an engine. It fails closed.

    With a `tenant_column`, a table that has the column is filtered by `context.tenant`; one that lacks it is invisible
    unless its `TablePolicy` is `shared` or has `rows`.
    """

    tenant_column: str | None = None
    tables: Mapping[str, TablePolicy] = Field(default_factory=dict)
    session: Mapping[SettingName, str] = Field(
        default_factory=dict,
        description="What PostgreSQL's row level security reads by `current_setting`: the setting's name, and what of "
        "the context it is set to: `tenant`, `user`, `roles` or the name of an attribute.",
    )
    role: str | RoleFromAttribute | None = Field(
        default=None, description="The database role of every statement (`SET ROLE`), or the attribute that names it."
    )
    limits: Limits = Field(default_factory=Limits, description="Where they differ from the engine's settings.")
    sql_visible_to: frozenset[str] | Literal["everyone"] = Field(
        default=frozenset(),
        description="Roles that may see compiled SQL and EXPLAIN, which show policy columns.",
    )
    is_open: bool = Field(default=False, description="Set by `AccessPolicy.open()`.")

    @classmethod
    def open(cls) -> AccessPolicy:
        """Every readable table and column, for whoever the host lets in. Says it out loud."""
        return cls(is_open=True, sql_visible_to="everyone")

"""What a context may see: tables, rows, columns. Pure data; `prismiq.access.scope` applies it.

Written in Python, or in a YAML or TOML file of the same shape:

    tenant_column: tenant_id
    tables:
      plans: {shared: true}
      audit_log: {visible: false}
      order_items: {parent: order}
      orders:
        visible_to: [sales, admin]
        rows:
          - {column: region, attribute: regions, operator: in, unless_roles: [admin]}
          - filters: {not: {field: status, value: draft}}
      customers:
        columns:
          email: hidden
          phone: {last: 4, unless_roles: [support]}
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from prismiq.query import Filter
from prismiq.schema.configuration import invalid, read_file
from prismiq.settings import Settings

Constant = bool | int | float | Decimal | str | date | datetime


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _roles(value: object) -> object:
    """One name stands for a set of one."""
    return frozenset({value}) if isinstance(value, str) else value


Roles = Annotated[frozenset[str], BeforeValidator(_roles)]


class Mask(_Policy):
    """What stands in the place of a column that may not be read as it is, for callers with none of `unless_roles`.

    It stands there wherever a query names the column: in results, filters, groups, order, joins, expressions and
    column values. Make one by `Mask.HIDDEN`, `Mask.NULL`, `Mask.constant("…")`, `Mask.last(4)`. In a file it is
    `hidden`, `null`, `{constant: "…"}`, `{last: 4}`.
    """

    HIDDEN: ClassVar[Mask]
    """The column does not exist for the caller."""
    NULL: ClassVar[Mask]
    """It is there, and null in every row."""

    kind: Literal["hidden", "null", "constant", "last"]
    value: Constant | None = Field(default=None, description="Of a constant.")
    length: int | None = Field(default=None, ge=0, le=1000, description="How many of the last characters are shown.")
    unless_roles: Roles = Field(default=frozenset(), description="Roles that read the column as it is.")

    @classmethod
    def constant(cls, value: Constant) -> Mask:
        """The same value in every row, null ones too."""
        return cls(kind="constant", value=value)

    @classmethod
    def last(cls, length: int) -> Mask:
        """Text of `***` and the last `length` characters, or `***` alone where there are no more than these."""
        return cls(kind="last", length=length)

    def unless(self, *roles: str) -> Mask:
        """The same mask for callers with none of the roles."""
        return self.model_copy(update={"unless_roles": self.unless_roles | set(roles)})

    def holds_for(self, roles: frozenset[str]) -> bool:
        """Whether callers with these roles see the mask instead of the column."""
        return not roles & self.unless_roles

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if value is None or value in ("hidden", "null"):
            return {"kind": value or "null"}
        if isinstance(value, Mask) or (isinstance(value, dict) and "kind" in value):
            return cast("object", value)
        given = cast("dict[str | None, object]", value) if isinstance(value, dict) else {}
        given = {key or "null": each for key, each in given.items()}  # YAML's null may be meant as a word
        rest = {key: each for key, each in given.items() if key == "unless_roles"}
        said = given.keys() - rest.keys()
        if said == {"constant"}:
            return {"kind": "constant", "value": given["constant"], **rest}
        if said == {"last"}:
            return {"kind": "last", "length": given["last"], **rest}
        if said in ({"hidden"}, {"null"}) and given[next(iter(said))] is True:
            return {"kind": next(iter(said)), **rest}
        raise ValueError('A mask is "hidden", "null", {"constant": …} or {"last": n}, some with `unless_roles`.')

    @model_validator(mode="after")
    def _whole(self) -> Mask:
        if (self.kind == "constant") != (self.value is not None) or (self.kind == "last") != (self.length is not None):
            raise ValueError("A constant mask has a `value`, one of the last characters a `length`, others neither.")
        return self

    def __str__(self) -> str:
        """In words."""
        if self.kind == "constant":
            return f"always {self.value!r}"
        return {"hidden": "hidden", "null": "always null"}.get(self.kind) or f"last {self.length} characters"


Mask.HIDDEN = Mask(kind="hidden")
Mask.NULL = Mask(kind="null")


class RowFilter(_Policy):
    """Which rows of a table are kept, for callers with none of `unless_roles`.

    Either those whose `column` equals the context's `attribute`, or with `operator="in"` is one of it; or those for
    which `filters` hold: a filter tree as in a query, over the table's own columns, in which `{"attribute": "region"}`
    stands for a value, as do `{"context": "tenant"}` and `{"context": "user"}`.
    """

    column: str | None = None
    attribute: str | None = None
    operator: Literal["eq", "in"] = "eq"
    filters: Filter | None = None
    unless_roles: Roles = Field(default=frozenset(), description="Roles that this filter is not for.")

    @model_validator(mode="after")
    def _one_form(self) -> RowFilter:
        simple = self.column is not None and self.attribute is not None
        if (self.filters is None) != simple or (self.filters is not None and (self.column or self.attribute)):
            raise ValueError("A row filter has a `column` and an `attribute`, or `filters`.")
        return self


class TablePolicy(_Policy):
    """What the policy says of one table, named `orders` or `sales.orders`."""

    visible: bool = True
    visible_to: Roles | None = Field(default=None, description="Roles; None is everyone.")
    shared: bool = Field(default=False, description="Readable by all tenants: the tenant column is not asked for.")
    tenant_column: str | None = Field(default=None, description="Where this table's differs from the policy's.")
    parent: str | None = Field(
        default=None,
        description="A to-one relationship: a row is visible where the row that it leads to is. The table exists for "
        "callers for whom that table does.",
    )
    rows: tuple[RowFilter, ...] = ()
    columns: Mapping[str, Mask] = Field(default_factory=dict)
    only_columns: frozenset[str] | None = Field(
        default=None, description="The columns that exist, all others being hidden. None is all."
    )


class RoleFromAttribute(_Policy):
    """The database role that the context's attribute names."""

    attribute: str


class Limits(_Policy):
    """What a policy allows where it differs from the engine's settings, under the same names."""

    statement_timeout: float | None = Field(default=None, gt=0)
    row_cap: int | None = Field(default=None, ge=1)
    max_result_bytes: int | None = Field(default=None, ge=1)
    export_row_cap: int | None = Field(default=None, ge=1)
    export_timeout: float | None = Field(default=None, gt=0)
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
    unless its `TablePolicy` is `shared`, has `rows` or a `parent`.

    With `schema_per_tenant`, a caller sees the tables of the PostgreSQL schema of their tenant, under bare names, and
    those of `shared_schemas`; other schemas do not exist. It is a name in which `{tenant}` stands for the tenant, or
    the schema of each tenant.
    """

    tenant_column: str | None = None
    schema_per_tenant: str | Mapping[str, str] | None = None
    shared_schemas: frozenset[str] = frozenset()
    tables: Mapping[str, TablePolicy] = Field(default_factory=dict)
    only_listed: bool = Field(default=False, description="Tables that `tables` does not name are invisible.")
    session: Mapping[SettingName, str] = Field(
        default_factory=dict,
        description="What PostgreSQL's row level security reads by `current_setting`: the setting's name, and what of "
        "the context it is set to: `tenant`, `user`, `roles` or the name of an attribute.",
    )
    role: str | RoleFromAttribute | None = Field(
        default=None, description="The database role of every statement (`SET ROLE`), or the attribute that names it."
    )
    limits: Limits = Field(default_factory=Limits, description="Where they differ from the engine's settings.")
    sql_visible_to: Literal["everyone"] | Roles = Field(
        default=frozenset(),
        description="Roles that may see compiled SQL and EXPLAIN, which show policy columns.",
        union_mode="left_to_right",
    )
    is_open: bool = Field(default=False, description="Set by `AccessPolicy.open()`.")

    @classmethod
    def open(cls) -> AccessPolicy:
        """Every readable table and column, for whoever the host lets in. Says it out loud."""
        return cls(is_open=True, sql_visible_to="everyone")

    @classmethod
    def load(cls, source: str | os.PathLike[str] | Mapping[str, Any]) -> AccessPolicy:
        """The policy in a `.yaml`, `.yml` or `.toml` file, or in a mapping of the same shape.

        Raises ConfigurationError, with every problem in one message, for a file that cannot be read or that holds
        something else. Whether it fits the database is checked when the engine reads the schema.
        """
        data, place = read_file(source, "access policy")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()]
            raise invalid(f"{place} is not valid", problems) from None

    @property
    def needs_tenant(self) -> bool:
        """Whether it tells tenants apart."""
        return (
            self.tenant_column is not None
            or self.schema_per_tenant is not None
            or "tenant" in self.session.values()
            or any(rule.tenant_column for rule in self.tables.values())
        )

    @property
    def roles(self) -> frozenset[str]:
        """The roles that tell callers apart in what they see."""
        named: set[str] = set()
        for rule in self.tables.values():
            named |= rule.visible_to or frozenset()
            named.update(*(each.unless_roles for each in (*rule.rows, *rule.columns.values())))
        return frozenset(named)

    @model_validator(mode="after")
    def _tenant_in_name(self) -> AccessPolicy:
        if isinstance(self.schema_per_tenant, str) and self.schema_per_tenant.count("{tenant}") != 1:
            raise ValueError("`schema_per_tenant` is a name with `{tenant}` in it, once.")
        return self


def _place(loc: tuple[str | int, ...]) -> str:
    return ".".join(map(str, loc)) or "policy"

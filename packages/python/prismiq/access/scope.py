"""Reduces the schema to what one caller may see. `plan()` accepts nothing else.

A `ScopedSchema` holds no value of the context: a row rule says *which* context value a column is compared with, and
the value is bound when the statement is. So one compiled plan serves every caller of the same shape, and never with
another's values.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from prismiq.access.check import check_policy, parent_of, row_rules
from prismiq.access.context import RequestContext
from prismiq.access.masks import MaskedColumn, masked_table, relinked
from prismiq.access.policy import AccessPolicy, TablePolicy
from prismiq.access.rules import ContextValue, ParentRule, RowRule, Rule
from prismiq.access.tenancy import own_schema, schema_of
from prismiq.errors import ContextError
from prismiq.query.fields import Path, segments
from prismiq.query.filters import Operator
from prismiq.schema.models import ColumnSchema, DatabaseSchema, Relationship, TableRef, TableSchema


@dataclass(frozen=True, slots=True)
class ScopedTable:
    """A table as one caller sees it.

    `schema` is the whole table: its keys are facts even where their columns are hidden. `columns` and `relationships`
    are what a definition may name. `masked` says which columns of `schema` are not as stored.
    """

    schema: TableSchema
    columns: Mapping[str, ColumnSchema]
    relationships: tuple[Relationship, ...]
    rows: tuple[Rule, ...]
    masked: tuple[MaskedColumn, ...] = ()

    @property
    def ref(self) -> TableRef:
        """The table's identity."""
        return self.schema.ref


@dataclass(frozen=True)
class ScopedSchema:
    """Everything that exists for one caller.

    `database` is the unscoped schema, which decides what a name means so that a role never changes a meaning; only
    `tables` may be read. `key` identifies the scope among all of one engine.
    """

    database: DatabaseSchema
    tables: Mapping[TableRef, ScopedTable]
    key: Hashable = field(default=None)

    @property
    def version(self) -> str:
        """Differs where what a caller sees may differ; the same in every process."""
        return f"{self.database.version}.{blake2b(repr(self.key).encode(), digest_size=8).hexdigest()}"

    def find(self, reference: str | Path) -> ScopedTable | None:
        """The visible table that `orders` or `sales.orders` means, or None."""
        found = [ref for ref in self.database.candidates(segments(reference)) if ref in self.tables]
        return self.tables[found[0]] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Invisible:
    """Why a table does not exist for a caller; for the host's eyes alone."""

    reason: str


def scope(schema: DatabaseSchema, policy: AccessPolicy | None, context: RequestContext | None) -> ScopedSchema:
    """Applies a policy to a schema for one caller.

    Without a policy everything is visible (Python code is the host's own). Raises ConfigurationError when the policy
    does not fit the schema, ContextError when a policy is there and no context.
    """
    if policy is None or policy.is_open:
        return ScopedSchema(schema, {table.ref: _open(table) for table in schema.tables}, "open")
    if context is None:
        raise ContextError(
            "This engine has a policy, and no context was given.",
            hint="Pass a RequestContext that says who asks, or build the engine with AccessPolicy.open().",
        )
    own = own_schema(policy, context, schema)
    if own is not None:
        schema = schema_of(own, schema, policy)
    judged = judge(schema, policy, context.roles)
    visible = {ref: table for ref, table in judged.items() if isinstance(table, ScopedTable)}
    raw = {
        ref: {each.stored.name: each.name for each in table.masked if each.mask is None}
        for ref, table in visible.items()
        if table.masked
    }
    if raw:
        visible = {ref: _relinked(table, raw) for ref, table in visible.items()}
    reachable = {ref: replace(table, relationships=_relationships(table, visible)) for ref, table in visible.items()}
    roles = ("roles", *sorted(context.roles & policy.roles))
    return ScopedSchema(schema, reachable, roles if own is None else ("schema", own, *roles))


def judge(
    schema: DatabaseSchema, policy: AccessPolicy, roles: frozenset[str]
) -> Mapping[TableRef, ScopedTable | Invisible]:
    """What each table is for callers with these roles. Its relationships may still lead to what is invisible.

    Raises ConfigurationError when the policy does not fit the schema.
    """
    judging = _Judge(schema, policy, check_policy(schema, policy), roles)
    return {table.ref: judging.of(table.ref) for table in schema.tables}


def context_value(value: ContextValue, context: RequestContext | None) -> object:
    """What the context holds for a row rule. Raises ContextError where it holds nothing: never "no filter"."""
    if value.kind == "user":
        found: object = None if context is None else context.user
        missing, hint = "There is no context, which would name the user.", "Pass a RequestContext that says who asks."
    elif value.kind == "tenant":
        found = None if context is None else context.tenant
        missing, hint = (
            "The context names no tenant.",
            "Set `tenant` in the RequestContext that get_context returns.",
        )
    else:
        found = None if context is None else context.attributes.get(value.name)
        missing = f'The context has no attribute "{value.name}".'
        hint = f'Set `attributes={{"{value.name}": …}}` in the RequestContext that get_context returns.'
    if found is None:
        raise ContextError(missing, hint=hint)
    return found


def _open(table: TableSchema) -> ScopedTable:
    columns = {column.name: column for column in table.columns if not column.hidden}
    return ScopedTable(table, columns, table.relationships, ())


class _Judge:
    """Says of one table after the other what it is; of a parent first."""

    def __init__(
        self,
        schema: DatabaseSchema,
        policy: AccessPolicy,
        rules: Mapping[TableRef, TablePolicy],
        roles: frozenset[str],
    ) -> None:
        self._schema = schema
        self._policy = policy
        self._rules = rules
        self._roles = roles
        self._judged: dict[TableRef, ScopedTable | Invisible] = {}

    def of(self, ref: TableRef) -> ScopedTable | Invisible:
        if ref not in self._judged:
            self._judged[ref] = self._judge(self._schema.by_ref[ref])
        return self._judged[ref]

    def _judge(self, table: TableSchema) -> ScopedTable | Invisible:
        rule = self._rules.get(table.ref)
        if rule is None and self._policy.only_listed:
            return Invisible("the policy does not list it")
        rule = rule or TablePolicy()
        if not rule.visible:
            return Invisible("`visible` is false")
        if rule.visible_to is not None and not self._roles & rule.visible_to:
            return Invisible(f"only for roles {', '.join(sorted(rule.visible_to))}")
        rows = self._rows(table, rule)
        parent = parent_of(table, rule)
        if parent is not None:
            above = self.of(parent.target)
            if isinstance(above, Invisible):
                return Invisible(f"its parent {self._schema.reference(parent.target)} is invisible: {above.reason}")
            stored = self._schema.by_ref[parent.target]
            rows.append(ParentRule(parent.columns, parent.target, stored, parent.target_columns, above.rows))
        if self._needs_rule(table, rule) and not rows:
            wanted = rule.tenant_column or self._policy.tenant_column
            return Invisible(f"it has no column {wanted}, and no rule says whose its rows are")
        return _seen(table, rule, self._roles, tuple(rows))

    def _rows(self, table: TableSchema, rule: TablePolicy) -> list[Rule]:
        tenant_column = rule.tenant_column or self._policy.tenant_column
        rows: list[Rule] = []
        if tenant_column is not None and not rule.shared and tenant_column in table.by_name:
            rows.append(RowRule(tenant_column, Operator.EQ, ContextValue("tenant", tenant_column)))
        return rows + row_rules(rule, self._roles)

    def _needs_rule(self, table: TableSchema, rule: TablePolicy) -> bool:
        """Whether something must say which tenant the rows belong to: else it fails closed."""
        if rule.shared or (rule.tenant_column or self._policy.tenant_column) is None:
            return False
        return self._policy.schema_per_tenant is None or table.schema_name in self._policy.shared_schemas


def _seen(table: TableSchema, rule: TablePolicy, roles: frozenset[str], rows: tuple[Rule, ...]) -> ScopedTable:
    masks = {name: mask for name, mask in rule.columns.items() if mask.holds_for(roles)}
    hidden = {name for name, mask in masks.items() if mask.kind == "hidden"}
    if rule.only_columns is not None:
        hidden |= {column.name for column in table.columns} - rule.only_columns
    shown = {name: mask for name, mask in masks.items() if name not in hidden and not table.by_name[name].hidden}
    schema, masked = masked_table(table, shown)
    columns = {
        column.name: schema.by_name[column.name]
        for column in table.columns
        if not column.hidden and column.name not in hidden
    }
    # A foreign key that may not be read may not be followed either: its target would tell what it holds.
    kept = hidden | shown.keys()
    relationships = tuple(
        each for each in table.relationships if not (each.forward and kept.intersection(each.columns))
    )
    return ScopedTable(schema, columns, relationships, rows, masked)


def _relinked(table: ScopedTable, raw: Mapping[TableRef, Mapping[str, str]]) -> ScopedTable:
    """The table with relationships that are followed by what is stored, not by what is shown of it."""
    schema = relinked(table.schema, raw)
    names = {each.name for each in table.relationships}
    return replace(
        table, schema=schema, relationships=tuple(each for each in schema.relationships if each.name in names)
    )


def _relationships(table: ScopedTable, visible: Mapping[TableRef, ScopedTable]) -> tuple[Relationship, ...]:
    """The relationships whose target is visible and can be followed from there, too."""
    return tuple(
        each
        for each in table.relationships
        if each.target in visible
        and any(
            back.name == each.inverse_name and back.target == each.table for back in visible[each.target].relationships
        )
    )

"""Reduces the schema to what one caller may see. `plan()` accepts nothing else.

A `ScopedSchema` holds no value of the context: a row rule says *which* context value a column is compared with, and
the value is bound when the statement is. So one compiled plan serves every caller of the same shape, and never with
another's values.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from typing import Literal

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy, Mask, TablePolicy
from prismiq.errors import ConfigurationError, ContextError
from prismiq.query.fields import Path, segments
from prismiq.schema.models import ColumnSchema, DatabaseSchema, Relationship, TableRef, TableSchema


@dataclass(frozen=True, slots=True)
class ContextValue:
    """A value the context will supply when the statement is bound."""

    kind: Literal["tenant", "attribute"]
    name: str


@dataclass(frozen=True, slots=True)
class RowRule:
    """Keeps the rows whose column equals the context's value, or with `in` is one of its values."""

    column: str
    operator: Literal["eq", "in"]
    value: ContextValue


@dataclass(frozen=True, slots=True)
class ScopedTable:
    """A table as one caller sees it.

    `schema` is the whole table: its keys are facts even where their columns are hidden. `columns` and `relationships`
    are what a definition may name.
    """

    schema: TableSchema
    columns: Mapping[str, ColumnSchema]
    relationships: tuple[Relationship, ...]
    rows: tuple[RowRule, ...]

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


def scope(schema: DatabaseSchema, policy: AccessPolicy | None, context: RequestContext | None) -> ScopedSchema:
    """Applies a policy to a schema for one caller.

    Without a policy everything is visible (Python code is the host's own). Raises ConfigurationError when the policy
    names what the schema lacks, ContextError when a policy is there and no context.
    """
    if policy is None or policy.is_open:
        return ScopedSchema(schema, {table.ref: _open(table) for table in schema.tables}, "open")
    if context is None:
        raise ContextError(
            "This engine has a policy, and no context was given.",
            hint="Pass a RequestContext that says who asks, or build the engine with AccessPolicy.open().",
        )
    rules = check_policy(schema, policy)
    named = _roles_named(policy)
    visible: dict[TableRef, ScopedTable] = {}
    for table in schema.tables:
        scoped = _scope_table(table, policy, rules.get(table.ref), context.roles)
        if scoped is not None:
            visible[table.ref] = scoped
    reachable = {
        ref: ScopedTable(table.schema, table.columns, _relationships(table, visible), table.rows)
        for ref, table in visible.items()
    }
    return ScopedSchema(schema, reachable, ("roles", *sorted(context.roles & named)))


def context_value(value: ContextValue, context: RequestContext | None) -> object:
    """What the context holds for a row rule. Raises ContextError where it holds nothing: never "no filter"."""
    if value.kind == "tenant":
        found: object = None if context is None else context.tenant
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


def check_policy(schema: DatabaseSchema, policy: AccessPolicy) -> Mapping[TableRef, TablePolicy]:
    """The policy's table rules by table. Raises ConfigurationError for a name that the schema lacks: a rule with a
    typing error would protect nothing."""
    rules: dict[TableRef, TablePolicy] = {}
    problems: list[str] = []
    for name, rule in policy.tables.items():
        found = tables_called(name, schema)
        if len(found) != 1:
            known = [schema.reference(table.ref) for table in schema.tables]
            problems.append(f'no single table "{name}"{_near(name, known)}')
            continue
        if found[0] in rules:
            problems.append(f'{found[0]} under two names, of which one is "{name}"')
            continue
        rules[found[0]] = rule
        columns = schema.by_ref[found[0]].by_name
        wanted = [*(row.column for row in rule.rows), *rule.columns]
        if rule.tenant_column:
            wanted.append(rule.tenant_column)
        problems += [
            f'no column "{column}" in {name}{_near(column, list(columns))}'
            for column in wanted
            if column not in columns
        ]
    if problems:
        raise ConfigurationError(
            "The access policy does not fit the schema: " + "; ".join(problems) + ".",
            hint="Correct the names; a rule that matches nothing would protect nothing.",
        )
    return rules


def tables_called(name: str, schema: DatabaseSchema) -> list[TableRef]:
    """What `orders` or `sales.orders` means, either of which may hold a dot itself."""
    parts = name.split(".")
    forms = [(name,), *((".".join(parts[:at]), ".".join(parts[at:])) for at in range(1, len(parts)))]
    return list(dict.fromkeys(ref for form in forms for ref in schema.candidates(form)))


def _open(table: TableSchema) -> ScopedTable:
    columns = {column.name: column for column in table.columns if not column.hidden}
    return ScopedTable(table, columns, table.relationships, ())


def _scope_table(
    table: TableSchema, policy: AccessPolicy, rule: TablePolicy | None, roles: frozenset[str]
) -> ScopedTable | None:
    rule = rule or TablePolicy()
    if not rule.visible or (rule.visible_to is not None and not roles & rule.visible_to):
        return None
    rows: list[RowRule] = []
    tenant_column = rule.tenant_column or policy.tenant_column
    if tenant_column is not None and not rule.shared:
        if tenant_column in table.by_name:
            rows.append(RowRule(tenant_column, "eq", ContextValue("tenant", tenant_column)))
        elif not rule.rows:
            return None  # fails closed: nothing says which tenant its rows belong to
    rows += [RowRule(row.column, row.operator, ContextValue("attribute", row.attribute)) for row in rule.rows]
    columns = {
        column.name: column
        for column in table.columns
        if not column.hidden and rule.columns.get(column.name) is not Mask.HIDDEN
    }
    # A foreign key that may not be read may not be followed either: its target would tell what it holds.
    hidden = {name for name, mask in rule.columns.items() if mask is Mask.HIDDEN}
    relationships = tuple(
        each for each in table.relationships if not (each.forward and hidden.intersection(each.columns))
    )
    return ScopedTable(table, columns, relationships, tuple(rows))


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


def _roles_named(policy: AccessPolicy) -> frozenset[str]:
    named: set[str] = set()
    for rule in policy.tables.values():
        named |= rule.visible_to or frozenset()
    return frozenset(named)


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""

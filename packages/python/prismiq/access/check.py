"""Whether a policy fits the schema: a rule with a typing error would protect nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from prismiq.access.masks import mask_problem
from prismiq.access.policy import AccessPolicy, Mask, TablePolicy
from prismiq.access.row_filters import UnreadableError, rule_of
from prismiq.access.rules import Rule, columns_ruled
from prismiq.errors import ConfigurationError
from prismiq.schema.models import DatabaseSchema, Relationship, TableRef, TableSchema


def check_policy(schema: DatabaseSchema, policy: AccessPolicy) -> Mapping[TableRef, TablePolicy]:
    """The policy's table rules by table. Raises ConfigurationError with every rule that does not fit."""
    rules, problems = fit(schema, policy)
    if problems:
        raise unfit(problems)
    return rules


def unfit(problems: list[str]) -> ConfigurationError:
    """One error that tells every problem."""
    lines = "".join(f"\n- {problem}" for problem in problems)
    return ConfigurationError(
        f"The access policy does not fit the schema:{lines}",
        hint="Correct it; a rule that matches nothing would protect nothing.",
        details={"problems": tuple(problems)},
    )


def fit(schema: DatabaseSchema, policy: AccessPolicy) -> tuple[dict[TableRef, TablePolicy], list[str]]:
    """The table rules by table, and what of them does not fit."""
    rules: dict[TableRef, TablePolicy] = {}
    problems: list[str] = []
    for name, rule in policy.tables.items():
        found = tables_called(name, schema)
        if len(found) != 1:
            known = [schema.reference(table.ref) for table in schema.tables]
            problems.append(f'no single table "{name}"{near(name, known)}')
        elif found[0] in rules:
            problems.append(f'{found[0]} under two names, of which one is "{name}"')
        else:
            rules[found[0]] = rule
            problems += _table_problems(name, schema.by_ref[found[0]], rule)
    problems += _cycles(schema, rules)
    return rules, problems


def row_rules(rule: TablePolicy, roles: frozenset[str] | None = None) -> list[Rule]:
    """The rules that a table's row filters are, for callers with these roles; with None all. Raises UnreadableError."""
    return [rule_of(row) for row in rule.rows if roles is None or not roles & row.unless_roles]


def parent_of(table: TableSchema, rule: TablePolicy) -> Relationship | None:
    """The relationship to the table that decides which rows of this are visible."""
    return None if rule.parent is None else table.relationship(rule.parent)


def tables_called(name: str, schema: DatabaseSchema) -> list[TableRef]:
    """What `orders` or `sales.orders` means, either of which may hold a dot itself."""
    parts = name.split(".")
    forms = [(name,), *((".".join(parts[:at]), ".".join(parts[at:])) for at in range(1, len(parts)))]
    return list(dict.fromkeys(ref for form in forms for ref in schema.candidates(form)))


def near(name: str, known: list[str]) -> str:
    """A suggestion, where something is like the name."""
    close = get_close_matches(name, known, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _table_problems(name: str, table: TableSchema, rule: TablePolicy) -> Iterator[str]:
    wanted = [*rule.columns, *sorted(rule.only_columns or ())]
    if rule.tenant_column:
        wanted.append(rule.tenant_column)
    for number, row in enumerate(rule.rows):
        try:
            wanted += columns_ruled(rule_of(row))
        except UnreadableError as error:
            yield f"{name}, rows.{number}: {error}"
    for column in dict.fromkeys(wanted):
        if column not in table.by_name:
            yield f'no column "{column}" in {name}{near(column, list(table.by_name))}'
    for column, mask in rule.columns.items():
        problem = mask_problem(table.by_name[column], mask) if column in table.by_name else None
        if problem is not None:
            yield f"{name}: {problem}"
        if mask is not Mask.HIDDEN and rule.only_columns is not None and column not in rule.only_columns:
            yield f'{name}: "{column}" has a mask and is not among `only_columns`, so that it does not exist'
    if rule.parent is not None:
        yield from _parent_problems(name, table, rule.parent)


def _parent_problems(name: str, table: TableSchema, parent: str) -> Iterator[str]:
    found = table.relationship(parent)
    if found is None:
        known = [each.name for each in table.relationships if each.to_one]
        hint = near(parent, known) or f" (it has {', '.join(known)})" if known else " (it has no to-one relationship)"
        yield f'no relationship "{parent}" in {name}{hint}'
    elif not found.to_one:
        yield f'{name}: a row has many "{parent}", and one parent at most'


def _cycles(schema: DatabaseSchema, rules: Mapping[TableRef, TablePolicy]) -> Iterator[str]:
    told: set[TableRef] = set()
    for start in rules:
        way = [start]
        while True:
            rule = rules.get(way[-1])
            up = None if rule is None else parent_of(schema.by_ref[way[-1]], rule)
            if up is None or not up.to_one:
                break
            if up.target in way:
                circle = way[way.index(up.target) :]
                if not told & set(circle):
                    told.update(circle)
                    names = " → ".join(schema.reference(ref) for ref in (*circle, up.target))
                    yield f"the parents of {schema.reference(circle[0])} lead in a circle: {names}"
                break
            way.append(up.target)

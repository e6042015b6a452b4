"""Whether a policy's rules fit the types of the schema: checked when the schema is read, not when a query is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from prismiq.access.check import fit, row_rules, unfit
from prismiq.access.masks import constant_type
from prismiq.access.policy import AccessPolicy, TablePolicy
from prismiq.access.row_filters import UnreadableError
from prismiq.access.rules import EveryRule, NotRule, PolicyValue, RowRule, Rule, SomeRule
from prismiq.errors import ConfigurationError
from prismiq.plan.expressions import Parameter, ValueType
from prismiq.plan.nodes import parts_within
from prismiq.plan.row_rules import condition_of
from prismiq.schema.models import ColumnSchema, DatabaseSchema, TableSchema
from prismiq.sql.template import of_policy
from prismiq.sql.values import UnfitValueError

_SOMETIME = datetime(2000, 1, 1, tzinfo=timezone.utc)


def check_rules(schema: DatabaseSchema, policy: AccessPolicy) -> None:
    """Checks names, operators, types and the policy's own values. Raises ConfigurationError with every problem."""
    rules, problems = fit(schema, policy)
    for ref, rule in rules.items():
        table = schema.by_ref[ref]
        problems += (f"{schema.reference(ref)}, {problem}" for problem in _problems(table, rule))
    if policy.tenant_column is not None:
        problems += _tenant_problems(schema, policy.tenant_column)
    if problems:
        raise unfit(problems)


def _problems(table: TableSchema, rule: TablePolicy) -> Iterator[str]:
    try:
        read = row_rules(rule)
    except UnreadableError:
        return  # told with the names
    for each in read:
        for leaf in _leaves(each):
            problem = _leaf_problem(leaf, table.by_name)
            if problem is not None:
                yield problem
    for name, mask in rule.columns.items():
        column = table.by_name.get(name)
        if column is not None and mask.kind == "constant":
            type_ = ValueType(constant_type(mask.value, column))
            problem = _value_problem(Parameter(PolicyValue(mask.value), type_))
            if problem is not None:
                yield f"the mask of {name}: {problem}"


def _tenant_problems(schema: DatabaseSchema, tenant_column: str) -> Iterator[str]:
    for table in schema.tables:
        column = table.by_name.get(tenant_column)
        if column is not None and not column.comparable:
            yield f"{schema.reference(table.ref)}, {tenant_column}: {column.type} cannot be compared"


def _leaves(rule: Rule) -> Iterator[RowRule]:
    match rule:
        case RowRule():
            yield rule
        case EveryRule(parts=parts) | SomeRule(parts=parts):
            for part in parts:
                yield from _leaves(part)
        case NotRule(part=part):
            yield from _leaves(part)
        case _:
            return


def _leaf_problem(rule: RowRule, columns: Mapping[str, ColumnSchema]) -> str | None:
    if rule.column not in columns:
        return None
    try:
        condition = condition_of(rule, columns)
    except KeyError:
        return None  # another column that there is not: told with the names
    except ConfigurationError as error:
        return str(error)
    for part in parts_within(condition):
        if isinstance(part, Parameter):
            problem = _value_problem(part)
            if problem is not None:
                return f"{rule}: {problem}"
    return None


def _value_problem(parameter: Parameter) -> str | None:
    if not isinstance(parameter.source, PolicyValue):
        return None
    try:
        of_policy(parameter, parameter.source, _SOMETIME)
    except UnfitValueError as error:
        return f"{error.message} {error.hint}"
    return None

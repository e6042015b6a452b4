"""What a policy lets one caller see of each table, and why: for the host's eyes, since it names what is hidden."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy
from prismiq.access.rules import ContextValue, EveryRule, NotRule, ParentRule, RowRule, Rule, SomeRule
from prismiq.access.scope import Invisible, ScopedTable, context_value, judge
from prismiq.errors import ContextError
from prismiq.query.filters import LISTS
from prismiq.schema.models import DatabaseSchema


class TableAccess(BaseModel):
    """What one table is for a caller."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    visible: bool
    reason: str | None = Field(default=None, description="Why it is invisible.")
    rows: tuple[str, ...] = Field(default=(), description="The rules that all hold for a row; of none, every row.")
    columns: dict[str, str] = Field(default_factory=dict, description="What is hidden or masked, and how.")
    lacking: tuple[str, ...] = Field(
        default=(), description="What the context lacks: each query of the table is an error for it."
    )


def explain_access(schema: DatabaseSchema, policy: AccessPolicy, context: RequestContext) -> list[TableAccess]:
    """What each table of the schema is for the caller. Raises ConfigurationError when the policy does not fit."""
    if policy.is_open:
        return [TableAccess(table=schema.reference(table.ref), visible=True) for table in schema.tables]
    judged = judge(schema, policy, context.roles)
    return [_of(schema.reference(ref), found, context) for ref, found in judged.items()]


def _of(name: str, found: ScopedTable | Invisible, context: RequestContext) -> TableAccess:
    if isinstance(found, Invisible):
        return TableAccess(table=name, visible=False, reason=found.reason)
    made = {each.name: each for each in found.masked}
    raw = {each.name for each in found.masked if each.mask is None}
    columns: dict[str, str] = {}
    for column in found.schema.columns:
        if column.name in made and column.name not in raw:
            columns[column.name] = str(made[column.name].mask)
        elif column.name not in found.columns and column.name not in raw:
            columns[column.name] = "hidden by the configuration" if column.hidden else "hidden"
    lacking = dict.fromkeys(each for rule in found.rows for each in _lacking(rule, context))
    rows = tuple(str(rule) for rule in found.rows)
    return TableAccess(table=name, visible=True, rows=rows, columns=columns, lacking=tuple(lacking))


def _lacking(rule: Rule, context: RequestContext) -> Iterator[str]:
    match rule:
        case RowRule(value=value):
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, ContextValue):
                    try:
                        found = context_value(each, context)
                    except ContextError as error:
                        yield error.message
                    else:
                        if rule.operator in LISTS and not isinstance(found, list | tuple | set | frozenset):
                            yield f"The context's {each.described} must be a list."
        case EveryRule(parts=parts) | SomeRule(parts=parts):
            for part in parts:
                yield from _lacking(part, context)
        case NotRule(part=part):
            yield from _lacking(part, context)
        case ParentRule(rows=rows):
            for each in rows:
                yield from _lacking(each, context)

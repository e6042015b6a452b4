"""Row rules: which rows of a table a caller sees, with the context's values as placeholders.

A rule holds names, operators and what the policy itself compares with, never a value of the context: so a plan that
holds rules serves every caller of the same shape. They read the table as it is stored, hidden and masked columns too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

from prismiq.query.filters import Operator
from prismiq.schema.models import TableRef, TableSchema


@dataclass(frozen=True, slots=True)
class ContextValue:
    """A value the context will supply when the statement is bound."""

    kind: Literal["tenant", "attribute", "user"]
    name: str

    def __str__(self) -> str:
        return f"context.attributes.{self.name}" if self.kind == "attribute" else f"context.{self.kind}"

    @property
    def described(self) -> str:
        """What it is called in an error."""
        return f'attribute "{self.name}"' if self.kind == "attribute" else self.kind


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A value that the policy itself holds, the same for every caller. A list is a tuple."""

    value: Hashable

    @property
    def plain(self) -> object:
        """The value as the policy wrote it."""
        value: object = self.value
        return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value

    def __str__(self) -> str:
        return repr(self.plain)


@dataclass(frozen=True, slots=True)
class OtherColumn:
    """Another column of the same row."""

    column: str

    def __str__(self) -> str:
        return self.column


Value = ContextValue | PolicyValue | OtherColumn


@dataclass(frozen=True, slots=True)
class RowRule:
    """Keeps the rows whose column is to a value as the operator says; of two values for `between`."""

    column: str
    operator: Operator
    value: Value | tuple[Value, Value] | None
    case_sensitive: bool = True

    def __str__(self) -> str:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return " ".join((self.column, str(self.operator), *(str(each) for each in values if each is not None)))


@dataclass(frozen=True, slots=True)
class EveryRule:
    """All parts must hold."""

    parts: tuple[Rule, ...]

    def __str__(self) -> str:
        return " and ".join(_within(each) for each in self.parts) or "true"


@dataclass(frozen=True, slots=True)
class SomeRule:
    """Some part must hold."""

    parts: tuple[Rule, ...]

    def __str__(self) -> str:
        return " or ".join(_within(each) for each in self.parts) or "false"


@dataclass(frozen=True, slots=True)
class NotRule:
    """SQL's NOT: unknown stays unknown, and keeps no row."""

    part: Rule

    def __str__(self) -> str:
        return f"not {_within(self.part)}"


@dataclass(frozen=True, slots=True)
class ParentRule:
    """Keeps the rows whose parent is there and kept by its own rules; a row without a parent is kept for nobody."""

    columns: tuple[str, ...]
    parent: TableRef
    schema: TableSchema
    """The parent as it is stored."""
    parent_columns: tuple[str, ...]
    rows: tuple[Rule, ...]

    def __str__(self) -> str:
        """Also where `rows` are none: the parent must be there."""
        pairs = zip(self.columns, self.parent_columns, strict=True)
        linked = " and ".join(f"{own} = {self.parent.name}.{theirs}" for own, theirs in pairs)
        ruled = "".join(f" and {_within(each)}" for each in self.rows)
        return f"exists {self.parent.name} where {linked}{ruled}"


Rule = RowRule | EveryRule | SomeRule | NotRule | ParentRule


def _within(rule: Rule) -> str:
    return f"({rule})" if isinstance(rule, EveryRule | SomeRule | ParentRule) else str(rule)


def columns_ruled(rule: Rule) -> Iterator[str]:
    """The columns of its own table that a rule reads."""
    match rule:
        case RowRule(column=column, value=value):
            yield column
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, OtherColumn):
                    yield each.column
        case EveryRule(parts=parts) | SomeRule(parts=parts):
            for part in parts:
                yield from columns_ruled(part)
        case NotRule(part=part):
            yield from columns_ruled(part)
        case ParentRule(columns=columns):
            yield from columns

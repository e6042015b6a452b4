"""What an instance is in the plan: its table, the condition it is joined by, its columns, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator

from prismiq.plan.expressions import Column, Compare, Expression, IsNull, Not, Truth, ValueType
from prismiq.plan.nodes import Derived, Scan, Shared
from prismiq.plan.question import Instance
from prismiq.plan.trees import conjunction


def scan(instance: Instance) -> Scan | Derived:
    """The instance's table, reduced to the caller's rows, or its nested query."""
    if instance.node is not None:
        return Derived(Shared(instance.node, instance.alias), instance.alias)
    table = instance.table
    return Scan(instance.alias, table.ref, table.rows, table.schema, table.masked)


def join_condition(instance: Instance) -> Expression:
    """The equal columns by which an instance is reached, and what else its row must satisfy."""
    assert instance.link is not None
    equal = tuple(Compare("=", left, right) for left, right in joined_by(instance))
    where = instance.link.where
    return conjunction(equal if where is None else (*equal, where))


def joined_by(instance: Instance) -> Iterator[tuple[Column, Column]]:
    """The columns that are equal where an instance is joined: one that was there before, and one of its own."""
    if instance.link is not None:
        for left, right in zip(instance.link.columns, instance.link.target_columns, strict=True):
            yield left, raw_column(instance, right)


def is_matched_alike(column: Column, other: Column) -> bool:
    """Whether values of a column that are equal among themselves are equal to the same values of another. Those of
    citext are not where it meets text: they are compared as text."""
    return column.type.type_name is None or column.type.type_name == other.type.type_name


def raw_column(instance: Instance, name: str) -> Column:
    """A column that the engine itself reads, visible to the caller or not."""
    return Column(instance.alias, name, ValueType.raw(instance.table.schema.by_name[name]))


def presence(instance: Instance) -> Expression:
    """Whether the joined row has a row of the instance, or only the nulls of a LEFT JOIN.

    A column that the join found equal to something is not null. The source is always there, as is what an inner join
    found.
    """
    if instance.link is None or instance.link.kind == "inner":
        return Truth(True)
    return Not(IsNull(raw_column(instance, instance.link.target_columns[0])))

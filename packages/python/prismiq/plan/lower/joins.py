"""Joins table instances along their relationships, and applies a condition to the joined rows.

Joins along relationships are LEFT: the source's rows decide what is counted, and a row filter on a parent may leave a
child alone. Only an explicit join may be INNER.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from prismiq.plan.expressions import (
    TRUE,
    And,
    AnyOf,
    BoundsBin,
    Case,
    Column,
    Compare,
    Expression,
    IsNull,
    Not,
    Null,
    Or,
    Parameter,
    Truth,
    ValueType,
    WidthBin,
)
from prismiq.plan.lower.instances import is_matched_alike, join_condition, joined_by, scan
from prismiq.plan.lower.semijoins import SemiJoins
from prismiq.plan.lower.uniqueness import determined, to_many_step
from prismiq.plan.nodes import Derived, Filter, Join, Node, Reduce, Scan, columns_within
from prismiq.plan.passes import PRUNE, REDUCE, SEMI_JOIN, Passes
from prismiq.plan.question import Instance, Question
from prismiq.plan.trees import columns_of, conjunction, conjuncts, walk
from prismiq.schema.types import INTEGERS, MOMENTS, TEXTS, DataType


@dataclass(frozen=True, slots=True)
class Joined:
    """Joined and filtered rows, and the instances whose columns they have."""

    node: Node
    instances: frozenset[str]


def joined_rows(
    question: Question,
    read: Iterable[Expression | None],
    also: Iterable[str],
    condition: Expression,
    passes: Passes,
    *,
    reduce_around: str | None = None,
) -> Joined:
    """The joined rows for which the condition holds, with the columns of every instance that `read` or `also` name.

    With `reduce_around` an instance is named of which equal rows will be counted once: paths independent of it may then
    be reduced to distinct values.
    """
    read = [each for each in read if each is not None]
    kept = set(question.instances)
    if PRUNE in passes:
        kept = set(question.used(read) | question.closed((*also, *question.inner)))
    if SEMI_JOIN in passes:
        condition = SemiJoins(question, kept).place(condition)
    else:
        kept |= question.used([condition])
    reduced = _independent(question, kept, reduce_around) if reduce_around and REDUCE in passes else ()
    columns = dict.fromkeys(columns_within((*read, condition)))
    reduced = [root for root in reduced if _can_reduce(question, root, (*read, *conjuncts(condition)))]
    return Joined(filtered(_join_all(question, kept, reduced, columns), condition), frozenset(kept))


def _independent(question: Question, kept: set[str], grain: str) -> list[str]:
    """Where to-many paths that multiply each other begin, but for the one that leads to the grain."""
    instances = question.instances
    if any(len(instances[alias].needs) > 1 for alias in kept):
        return []
    if any(kept <= determined(instances, kept, alias) for alias in kept):
        return []
    chain = question.closed([grain])
    many = {alias for alias in kept - chain if to_many_step(instances[alias])}
    outside = question.closed(question.inner)  # an inner join takes away rows of all that is joined before it
    return [alias for alias in instances if alias in many - outside and len(many & question.closed([alias])) == 1]


def _can_reduce(question: Question, root: str, read: Iterable[Expression]) -> bool:
    """Whether values of a path that are equal may stand for each other, in what is read of them and where it begins."""
    if not all(is_matched_alike(own, other) for other, own in joined_by(question.instances[root])):
        return False
    for part in read:
        keeps_equal = all(isinstance(each, _KEEPS_EQUAL) for each in walk(part))
        for column in columns_within(part):
            # Those inside EXISTS are no columns of the path.
            if column.alias not in question.instances or root not in question.closed([column.alias]):
                continue
            if not column.type.comparable or not (keeps_equal or _is_written_one_way(column.type)):
                return False
    return True


_KEEPS_EQUAL = (
    Column | Parameter | Null | Truth | And | Or | Not | IsNull | Compare | AnyOf | Case | WidthBin | BoundsBin
)
"""What gives equal values for equal values, however those are written: 1.0 and 1.00 differ as texts."""

_WRITTEN_ONE_WAY = INTEGERS | MOMENTS | TEXTS | {DataType.BOOLEAN, DataType.UUID, DataType.TIME, DataType.BYTEA}


def _is_written_one_way(type_: ValueType) -> bool:
    """Whether equal values of a type are the same in every respect."""
    return type_.kind is DataType.ENUM or (type_.kind in _WRITTEN_ONE_WAY and type_.type_name is None)


def _join_all(question: Question, kept: Collection[str], reduced: Collection[str], columns: Iterable[Column]) -> Node:
    """The kept instances, each joined to the one it is reached from; the reduced ones with all that hangs on them."""
    node: Node | None = None
    inside: dict[str, str] = {}
    for alias, instance in question.instances.items():
        if alias not in kept:
            continue
        if alias in reduced:
            inside[alias] = alias
        elif instance.parent in inside:
            inside[alias] = inside[instance.parent]
    for alias, instance in question.instances.items():
        if alias not in kept or (alias in inside and alias not in reduced):
            continue
        right: Scan | Reduce | Derived = scan(instance)
        if alias in reduced:
            within = [each for each, root in inside.items() if root == alias]
            right = _reduce(question, alias, within, columns)
        node = right if node is None else joined(node, right, instance)
    assert node is not None
    return node


def joined(node: Node, right: Scan | Reduce | Derived, instance: Instance) -> Join:
    """What is there, and the instance joined to it."""
    assert instance.link is not None
    return Join(node, right, join_condition(instance), instance.link.kind)


def _reduce(question: Question, root: str, within: list[str], columns: Iterable[Column]) -> Reduce:
    """The distinct values that are read of one path, with the columns it is joined by."""
    instances = question.instances
    node: Node = scan(instances[root])
    for alias in within:
        if alias != root:
            node = Join(node, scan(instances[alias]), join_condition(instances[alias]))
    linked = join_condition(instances[root])
    outputs = dict.fromkeys(column for column in (*columns_of(linked), *columns) if column.alias in within)
    return Reduce(node, root, tuple(outputs))


def join_all(instances: Mapping[str, Instance]) -> Node:
    """All of the instances, each joined to the one it is reached from."""
    node: Node | None = None
    for instance in instances.values():
        right = scan(instance)
        node = right if node is None else joined(node, right, instance)
    assert node is not None
    return node


def filtered(node: Node, condition: Expression) -> Node:
    """The node's rows for which the condition is true."""
    parts = tuple(part for part in conjuncts(condition) if part != TRUE)
    return Filter(node, conjunction(parts)) if parts else node

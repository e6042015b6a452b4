"""Explicit joins: a table or a query, joined by the pairs that the definition names.

Establishes what the keys prove of each: how many rows either side finds. Leaves to the next passes what follows.
"""

from __future__ import annotations

from prismiq.access.scope import ScopedTable
from prismiq.errors import IssueCode
from prismiq.plan.expressions import Column, Instant, ValueType
from prismiq.plan.nodes import Node
from prismiq.plan.planning import Planning
from prismiq.plan.question import Link
from prismiq.plan.resolve.derived import derived_table, is_unique
from prismiq.plan.resolve.entrance import find_table
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.resolve.scalar_casts import are_joinable
from prismiq.query.fields import dotted
from prismiq.query.shape import JoinShape, QueryShape


def add_joins(shapes: tuple[JoinShape, ...], tree: JoinTree, planning: Planning) -> None:
    """Adds the explicit joins to the join tree, in their order. Notes an issue for each that cannot be."""
    for shape in shapes:
        found = _joined(shape, planning)
        link = None if found is None else _link(shape, found[0], tree, planning)
        if found is None or link is None:
            tree.failed.add(shape.alias)
        else:
            tree.join(shape.alias, found[0], link, found[1], (*shape.loc, "alias"))


def _joined(shape: JoinShape, planning: Planning) -> tuple[ScopedTable, Node | None] | None:
    if isinstance(shape.table, QueryShape):
        relation = planning.nest(shape.table, planning)
        return None if relation is None else (derived_table(shape.alias, relation), relation.node)
    table = find_table(shape.table, planning.schema, planning.issues, (*shape.loc, "table"))
    return None if table is None else (table, None)


def _link(shape: JoinShape, table: ScopedTable, tree: JoinTree, planning: Planning) -> Link | None:
    pairs: list[tuple[Column, str]] = []
    for index, (left, right) in enumerate(shape.on):
        loc = (*shape.loc, "on", index)
        own = tree.field(left, (*loc, "left"))
        if right not in table.columns:
            listed = ", ".join(f'"{name}"' for name in list(table.columns)[:8])
            message = f'"{right}" is not a column of {shape.alias}.'
            planning.issues.add((*loc, "right"), IssueCode.UNKNOWN_FIELD, message, f"It has {listed}.")
        elif own is not None:
            target = table.columns[right]
            other = ValueType.of(target)
            raw, stored_in = (own.part, own.zone.name) if isinstance(own, Instant) else (own, None)
            # What is stored is compared, which means the same moment in one and the same zone only.
            if not (stored_in == target.stored_in and isinstance(raw, Column) and are_joinable(own.type, other)):
                planning.issues.add(
                    loc,
                    IssueCode.TYPE_MISMATCH,
                    f'"{dotted(left)}" is {own.type.kind} and "{right}" is {other.kind}, which are never joined.',
                    "Join a nested query that casts one of them.",
                )
            elif tree.instances[raw.alias].table.schema.by_name[raw.name].collation != target.collation:
                planning.issues.add(
                    loc,
                    IssueCode.TYPE_MISMATCH,
                    f'"{dotted(left)}" and "{right}" have different collations, of which one ignores differences.',
                    "What is unique by the one is not by the other: give both columns the same collation.",
                )
            else:
                pairs.append((raw, right))
    if len(pairs) < len(shape.on):
        return None
    order = list(tree.instances)
    pairs.sort(key=lambda pair: order.index(pair[0].alias))
    columns, targets = tuple(own for own, _ in pairs), tuple(right for _, right in pairs)
    single = {column.alias for column in columns}
    parent = tree.instances[columns[-1].alias].table.schema
    from_one = len(single) == 1 and is_unique(parent, [column.name for column in columns])
    return Link(columns, targets, is_unique(table.schema, targets), from_one, shape.kind)

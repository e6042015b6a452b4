"""`exists` as a semi-join: the explicit form, and the one to negate."""

from __future__ import annotations

from collections.abc import Mapping

from prismiq.plan.expressions import TRUE, Compare, Exists, Expression
from prismiq.plan.lower.instances import raw_column, scan
from prismiq.plan.lower.joins import join_all
from prismiq.plan.nodes import Filter, Join, Node
from prismiq.plan.question import Instance
from prismiq.plan.trees import columns_of, conjunction


def related_rows(
    source: Instance,
    way: Mapping[str, Instance],
    related: Instance,
    inner: Mapping[str, Instance],
    condition: Expression,
) -> Expression:
    """EXISTS (rows at the end of the way from the source, for which the condition holds).

    `way` leads from the source to `related`; `inner` is the join tree of the condition, whose first instance stands
    for `related`. Rows on the way must be there, rows that only the condition reads need not. What else the
    condition reads is of the row around it.
    """
    last = next(iter(inner.values()))
    node: Node = join_all(inner)
    below, step = last, related
    while step.parent is not None and way[step.parent].parent is not None:
        above = way[step.parent]
        node = Join(node, scan(above), _linked(above, step, below), "inner")
        below = step = above
    correlated = _linked(source, step, below)
    parts = tuple(part for part in (correlated, condition) if part != TRUE)
    outer = dict.fromkeys(column for column in columns_of(condition) if column.alias not in inner)
    return Exists(Filter(node, conjunction(parts)), tuple(outer))


def _linked(parent: Instance, step: Instance, child: Instance) -> Expression:
    """The condition by which `child`, which stands for `step`, is reached from `parent`."""
    assert step.link is not None
    pairs = zip(step.link.columns, step.link.target_columns, strict=True)
    return conjunction(
        tuple(Compare("=", raw_column(parent, own.name), raw_column(child, other)) for own, other in pairs)
    )

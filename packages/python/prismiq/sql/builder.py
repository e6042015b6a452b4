"""A plan's nodes in SQLAlchemy Core: each merges into the SELECT below it where that means the same, else wraps it.

So the plain plans come out as the SELECT … JOIN … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT a person would write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan.expressions import Column, Expression, Named, Output, Truth, WindowCall
from prismiq.plan.fallible import may_fail
from prismiq.plan.nodes import (
    Aggregate,
    Buckets,
    Derived,
    Distinct,
    Except,
    Filter,
    Join,
    Limit,
    Node,
    Project,
    QueryPlan,
    Reduce,
    Scan,
    Shared,
    Sort,
    Union,
    Unit,
    parts_within,
)
from prismiq.plan.trees import walk
from prismiq.sql.buckets import from_first_to_last, refused_beyond, whole_cycle
from prismiq.sql.expressions import SQL, Writer
from prismiq.sql.parameters import LIMIT, OFFSET, Parameters
from prismiq.sql.relations import relation
from prismiq.sql.spans import MAX_BUCKETS

ONE: SQL = sa.literal_column("1")


@dataclass(slots=True)
class Select:
    """A SELECT in the making. Without `outputs` it is rows to compute from: joined ones, whose `columns` are those of
    their table instances, or those of a SELECT `below`, which it shows as they are."""

    source: sa.FromClause
    columns: dict[tuple[str, str], SQL] = field(default_factory=dict[tuple[str, str], SQL])
    below: dict[str, SQL] = field(default_factory=dict[str, SQL])
    outputs: dict[str, SQL] | None = None
    where: list[SQL] = field(default_factory=list[SQL])
    group_by: list[SQL] | None = None
    having: list[SQL] = field(default_factory=list[SQL])
    distinct: tuple[SQL, ...] | None = None
    order_by: list[Any] = field(default_factory=list[Any])
    page: tuple[SQL | None, SQL | None] | None = None
    windowed: bool = False
    """Whether an output is a window function, which WHERE and HAVING cannot see and another cannot be built on."""

    def finish(self) -> sa.Select[Any]:
        """The statement."""
        outputs = self.below if self.outputs is None else self.outputs
        listed: list[SQL] = [expression.label(name) for name, expression in outputs.items()]
        select: sa.Select[Any] = sa.select(*(listed or [ONE])).select_from(self.source)
        if self.where:
            select = select.where(*self.where)
        if self.group_by:
            select = select.group_by(*self.group_by)
        if self.having:
            select = select.having(*self.having)
        if self.distinct:
            select = _distinct_on(select, self.distinct)
        elif self.distinct is not None:
            select = select.distinct()
        if self.order_by:
            select = select.order_by(*self.order_by)
        if self.page is not None:
            limit, offset = self.page
            select = select if limit is None else select.limit(limit)
            select = select if offset is None else select.offset(offset)
        return select


class Builder:
    """Builds one plan. A SELECT inside EXISTS sees the columns of the SELECT around it.

    `shared` are the relations that other plans of the same statement have made, and it makes more of them.
    """

    def __init__(
        self, plan: QueryPlan, parameters: Parameters, shared: list[tuple[Shared, sa.CTE]] | None = None
    ) -> None:
        self._plan = plan
        self._parameters = parameters
        parts = list(parts_within(plan.root))
        self._read = _columns_read(parts)
        self._fenced = may_fail(parts)
        self._wrapped = 0
        self._shared = [] if shared is None else shared
        self._readings = Counter(each.name for each in parts if isinstance(each, Shared))

    def statement(self) -> sa.Select[Any]:
        """The whole plan as one SELECT."""
        return self._build(self._plan.root).finish()

    def _build(self, node: Node, outer: Select | None = None) -> Select:
        match node:
            case Scan():
                return self._scan(node)
            case Unit():
                return Select(sa.select(ONE.label(Unit.alias)).subquery(Unit.alias))
            case Reduce():
                return self._reduce(node, outer)
            case Derived():
                return self._derived(node)
            case Shared():
                shared = self._share(node)
                return Select(shared, below=dict(shared.c.items()))
            case Join():
                return self._join(node, outer)
            case Filter():
                return self._filter(node, outer)
            case Project():
                return self._project(node, outer)
            case Distinct():
                return self._distinct(node, outer)
            case Aggregate():
                return self._aggregate(node, outer)
            case Union():
                return self._union(node)
            case Except():
                return self._except(node)
            case Buckets():
                return self._buckets(node, outer)
            case Sort():
                return self._sort(node, outer)
            case Limit():
                return self._limit(node, outer)

    def _scan(self, node: Scan) -> Select:
        names = self._read.get(node.alias, {})
        source = relation(node, list(names), self._parameters, fenced=self._fenced)
        return Select(source, {(node.alias, name): source.c[name] for name in names})

    def _reduce(self, node: Reduce, outer: Select | None) -> Select:
        select = self._build(node.input, outer)
        labels = {(each.alias, each.name): f"c{number}" for number, each in enumerate(node.columns)}
        select.outputs = {label: select.columns[key] for key, label in labels.items()}
        select.distinct = ()
        source = select.finish().subquery(node.alias)
        return Select(source, {key: source.c[label] for key, label in labels.items()})

    def _derived(self, node: Derived) -> Select:
        source: sa.FromClause
        if isinstance(node.input, Shared) and self._is_shared(node.input):
            shared = self._share(node.input)
            # A CTE's alias would be taken for another CTE of that name.
            source = shared if shared.name == node.alias else sa.select(shared).subquery(node.alias)
        else:
            input_ = node.input.input if isinstance(node.input, Shared) else node.input
            source = self._build(input_).finish().subquery(node.alias)
        return Select(source, {(node.alias, name): column for name, column in source.c.items()})

    def _is_shared(self, node: Shared) -> bool:
        return self._readings[node.name] > 1 or any(known == node for known, _ in self._shared)

    def _share(self, node: Shared) -> sa.CTE:
        for known, shared in self._shared:
            if known == node:
                return shared
        return share(node, self._build(node.input).finish(), self._shared)

    def _join(self, node: Join, outer: Select | None) -> Select:
        left, right = self._build(node.left, outer), self._build(node.right, outer)
        left.columns.update(right.columns)
        condition = self._writer(left, outer).write(node.on)
        left.source = sa.join(left.source, right.source, condition, isouter=node.kind == "left")
        return left

    def _filter(self, node: Filter, outer: Select | None) -> Select:
        select = self._build(node.input, outer)
        if select.distinct is not None or select.windowed or select.page is not None:
            select = self._wrap(select)
        condition = self._writer(select, outer).write(node.condition)
        (select.where if select.group_by is None else select.having).append(condition)
        return select

    def _project(self, node: Project, outer: Select | None) -> Select:
        select = self._build(node.input, outer)
        windows = any(isinstance(part, WindowCall) for each in node.outputs for part in walk(each.expression))
        if select.distinct is not None or select.page is not None or (select.windowed and not _renames(node)):
            select = self._wrap(select)
        written = _written(node.outputs, self._writer(select, outer))
        select.below |= select.outputs or {}  # an order may still name what is not shown
        select.outputs, select.windowed = written, select.windowed or windows
        return select

    def _distinct(self, node: Distinct, outer: Select | None) -> Select:
        select = self._plain(self._build(node.input, outer))
        select.outputs = _written(node.outputs, self._writer(select, outer))
        # What cannot be compared the others decide: all of them, as rows without a row of the grain share a null key.
        comparable = [each for each in node.outputs if each.expression.type.comparable]
        deciding = tuple(_sorting(select.outputs[each.name], each.expression) for each in comparable)
        select.distinct = () if len(comparable) == len(node.outputs) else deciding
        return select

    def _aggregate(self, node: Aggregate, outer: Select | None) -> Select:
        select = self._plain(self._build(node.input, outer))
        writer = self._writer(select, outer)
        keys = _written(node.keys, writer)
        select.outputs = keys | _written(node.measures, writer)
        by = {each.name: _sorting(keys[each.name], each.expression) for each in node.keys}
        select.group_by = list(by.values())
        if node.sets:
            select.group_by = [sa.func.grouping_sets(*(sa.tuple_(*(by[name] for name in each)) for each in node.sets))]
        return select

    def _union(self, node: Union) -> Select:
        united = sa.union_all(*(self._build(each).finish() for each in node.inputs)).subquery(self._name())
        return Select(united, below=dict(united.c.items()))

    def _except(self, node: Except) -> Select:
        left, right = (self._build(each).finish() for each in (node.left, node.right))
        rest = sa.except_(left, right).subquery(self._name())
        return Select(rest, below=dict(rest.c.items()))

    def _buckets(self, node: Buckets, outer: Select | None) -> Select:
        if isinstance(node.among, Node):
            select = self._plain(self._build(node.among, outer))
            zone = self._parameters.zone(node.zone)
            found = select.below[node.name]
            select.outputs = {node.name: from_first_to_last(found, node, zone)}
            limit = sa.select(refused_beyond(MAX_BUCKETS, found, node)).select_from(select.source)
            select.page = (limit.scalar_subquery(), None)
            return select
        if node.among is None:
            starts = whole_cycle(node.granularity)
        else:
            starts = sa.func.unnest(self._parameters.computed(node.among))
        column = starts.column_valued(node.name)
        return Select(column.scalar_alias, outputs={node.name: column})

    def _sort(self, node: Sort, outer: Select | None) -> Select:
        select = self._unpaged(self._build(node.input, outer))
        writer = self._writer(select, outer, labelled=True)
        for key in node.keys:
            written = _sorting(writer.write(key.expression), key.expression)
            if key.descending:
                written = written.desc().nulls_last() if key.nullable else written.desc()
            select.order_by.append(written)
        return select

    def _limit(self, node: Limit, outer: Select | None) -> Select:
        select = self._unpaged(self._build(node.input, outer))
        if node.bound_with_statement:
            select.page = (self._parameters.page(LIMIT), self._parameters.page(OFFSET))
        else:
            write = self._writer(select, outer).write
            limit, offset = node.count, node.offset
            select.page = (None if limit is None else write(limit), None if offset is None else write(offset))
        return select

    def _plain(self, select: Select) -> Select:
        """Rows to compute from: the SELECT itself while it has no outputs, else one around it."""
        return select if select.outputs is None else self._wrap(select)

    def _unpaged(self, select: Select) -> Select:
        """Rows to sort or to take a page of: a page of a page needs a SELECT of its own."""
        return select if select.page is None else self._wrap(select)

    def _wrap(self, select: Select) -> Select:
        inner = select.finish().subquery(self._name())
        return Select(inner, below=dict(inner.c.items()), outputs=None)

    def _name(self) -> str:
        self._wrapped += 1
        return "grouped" if self._wrapped == 1 else f"grouped_{self._wrapped}"

    def _writer(self, select: Select, outer: Select | None, *, labelled: bool = False) -> Writer:
        def column(each: Column | Output) -> SQL:
            if isinstance(each, Output):
                if select.outputs is not None and each.name in select.outputs:
                    written = select.outputs[each.name]
                    return written.label(each.name) if labelled else written
                return select.below[each.name]
            found = select.columns.get((each.alias, each.name))
            if found is None and outer is not None:
                found = outer.columns.get((each.alias, each.name))
            if found is None:  # pragma: no cover - a pass has left a column behind
                raise LookupError(f"{each.alias}.{each.name}")
            return found

        def exists(relation_: Node) -> SQL:
            # An EXISTS inside another may read what is outside of both.
            around = select if outer is None else replace(select, columns=outer.columns | select.columns)
            inner = self._build(relation_, around)
            return sa.exists(inner.finish().correlate_except(inner.source)).self_group()

        def alone(relation_: Node) -> sa.Select[Any]:
            return self._build(relation_).finish().correlate(None)

        return Writer(self._parameters, column, exists, alone)


def _renames(node: Project) -> bool:
    """Whether a projection only chooses among outputs."""
    return all(isinstance(each.expression, Output) for each in node.outputs)


def _written(outputs: tuple[Named, ...], writer: Writer) -> dict[str, SQL]:
    return {each.name: writer.write(each.expression) for each in outputs}


def _sorting(written: SQL, expression: Expression) -> SQL:
    """What to group or sort by. PostgreSQL would take a bare constant for a column's number, and refuses it."""
    return sa.cast(written, sa.Boolean()) if isinstance(expression, Truth) else written


def _distinct_on(select: sa.Select[Any], by: tuple[SQL, ...]) -> sa.Select[Any]:
    """SELECT DISTINCT ON, as SQLAlchemy writes it since 2.1 and before."""
    since: Any = getattr(pg, "distinct_on", None)
    return select.distinct(*by) if since is None else select.ext(since(*by))


def share(node: Shared, relation: sa.Select[Any], shared: list[tuple[Shared, sa.CTE]]) -> sa.CTE:
    """Adds what a node is in SQL to the shared relations, by a name that none of them has: those in it come first."""
    taken = {each.name for _, each in shared}
    names = chain((node.name,), (f"{node.name}_{number}" for number in count(2)))
    found = relation.cte(next(name for name in names if name not in taken))
    shared.append((node, found))
    return found


def _columns_read(parts: Sequence[object]) -> Mapping[str, Mapping[str, None]]:
    """The columns that anything in the plan reads, by instance, in the order they are met."""
    read: dict[str, dict[str, None]] = {}
    for part in parts:
        if isinstance(part, Column):
            read.setdefault(part.alias, {})[part.name] = None
    return read

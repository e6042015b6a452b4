"""Groups the rows of a large table by what they are joined by, before they are joined to small ones.

Joining and then grouping does the work of the join for every row; grouping by the key first, for every key.
Precondition: the measures add up and read nothing but the table's row, dimensions read nothing of it, and each of its
rows is joined to one row at most of each of the others (which the caller has proven). Rows of one key then meet the
same rows.

Worth it where the table has many more rows than the tables beside it have together, which bounds the keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import prod

from prismiq.plan.expressions import (
    TRUE,
    AggregateCall,
    Column,
    Exists,
    Expression,
    Named,
    OneValue,
    Regrouped,
    Within,
)
from prismiq.plan.lower.additive import adds_up, parts_of
from prismiq.plan.lower.branches import Branch
from prismiq.plan.lower.instances import is_matched_alike, joined_by, raw_column, scan
from prismiq.plan.nodes import Aggregate, Filter, Node
from prismiq.plan.question import Instance, MeasureQuestion, Question
from prismiq.plan.trees import columns_of, conjunction, conjuncts, walk

MANY_ROWS = 50_000
"""Of the table, as PostgreSQL estimates: with fewer nothing is slow."""

ROWS_PER_KEY = 20
"""A key has so many rows at least, for grouping them first to pay."""


def pre_aggregated(question: Question, branch: Branch, joined: frozenset[str]) -> PreAggregated | None:
    """The question with the keys' groups in the place of the branch's grain; None where that is not the same, or not
    worth it. `joined` are the instances whose columns the rows have."""
    grain = question.instances[branch.grain]
    if grain.node is not None or not branch.measures or not all(_is_of(each, branch.grain) for each in branch.measures):
        return None
    keys = _keys(question, grain, joined)
    if keys is None:
        return None
    if any(branch.grain in {column.alias for column in columns_of(each.expression)} for each in question.dimensions):
        return None
    found = _conditions(question, branch, grain, joined)
    if found is None:
        return None
    below, above = found
    if not is_worth_it(question, grain, joined, above):
        return None
    groups = _Groups(grain, keys, question.instances)
    calls = tuple(Named(each.name, groups.measure(each)) for each in branch.measures)
    instances = dict(groups.in_place(each, below) for each in question.instances.values())
    condition = conjunction(above) if above else TRUE
    return PreAggregated(replace(question, instances=instances, condition=condition), groups.alias, calls)


@dataclass(frozen=True, slots=True)
class PreAggregated:
    """A question over the groups, which `grain` is now called, and its measures of them."""

    question: Question
    grain: str
    measures: tuple[Named, ...]


def _is_of(measure: MeasureQuestion, grain: str) -> bool:
    """Whether a measure adds up and is about the grain's row alone."""
    read = [each for each in (measure.argument, measure.where) if each is not None]
    return measure.grain == grain and adds_up(measure) and all(_is_plain(each, grain) for each in read)


def _is_plain(expression: Expression, alias: str) -> bool:
    """Whether an expression reads the row of an instance, and asks no other relation."""
    return not _asks(expression) and {column.alias for column in columns_of(expression)} <= {alias}


def _asks(expression: Expression) -> bool:
    return any(isinstance(part, Exists | Within | OneValue) for part in walk(expression))


def _keys(question: Question, grain: Instance, joined: frozenset[str]) -> list[str] | None:
    """The columns of the grain that it is joined by, or None where a join asks more of it, or tells apart what is
    equal among them."""
    keys: list[str] = []
    for instance in question.instances.values():
        if instance.alias not in joined:
            continue
        for pair in joined_by(instance):
            for own, other in (pair, pair[::-1]):
                if own.alias == grain.alias:
                    keys.append(own.name)
                    if not is_matched_alike(own, other):
                        return None
        where = None if instance.link is None or instance is grain else instance.link.where
        if where is not None and any(column.alias == grain.alias for column in columns_of(where)):
            return None
    return list(dict.fromkeys(keys)) or None


def is_worth_it(question: Question, grain: Instance, joined: frozenset[str], above: Sequence[Expression]) -> bool:
    """Whether it has many rows for a key: by foreign keys, there are no more keys than the tables that it is joined to
    multiply to. A condition on those may leave few keys, whose rows an index finds."""
    if any(each != TRUE for each in above):
        return False
    rows = grain.table.schema.row_estimate or 0
    beside: list[int] = []
    for alias in joined - {grain.alias}:
        instance = question.instances[alias]
        if grain.alias in instance.needs or alias in grain.needs:
            beside.append((instance.table.schema.row_estimate or 0) if _is_parent(instance, grain) else 0)
    return rows >= MANY_ROWS and all(beside) and bool(beside) and prod(beside) * ROWS_PER_KEY <= rows


def _is_parent(parent: Instance, grain: Instance) -> bool:
    """Whether each key of the grain is one of the table that it is joined to."""
    link = parent.link if grain.alias in parent.needs else grain.link
    if link is None or parent.node is not None:
        return False
    by = {(column.alias, column.name): target for column, target in zip(link.columns, link.target_columns, strict=True)}
    theirs, ours = parent.alias, grain.alias
    for key in grain.table.schema.foreign_keys:
        pairs = list(zip(key.columns, key.target_columns, strict=True))
        down = {(ours, own): target for own, target in pairs}
        up = {(theirs, target): own for own, target in pairs}
        if key.constraint is not None and key.target == parent.table.ref and by in (down, up):
            return True
    return False


def _conditions(
    question: Question, branch: Branch, grain: Instance, joined: frozenset[str]
) -> tuple[tuple[Expression, ...], tuple[Expression, ...]] | None:
    """What is asked of the grain's rows before they are grouped, and of the joined ones; None where something is asked
    of both, or of other relations. Of a grain that may be absent nothing is asked before: its absence is a row, too."""
    below: list[Expression] = []
    above: list[Expression] = []
    if grain.link is not None and grain.link.where is not None:
        if not _is_plain(grain.link.where, grain.alias):
            return None
        below.append(grain.link.where)  # a row that fails it is not joined
    for each in (*conjuncts(question.condition), *(conjuncts(branch.only) if branch.only is not None else ())):
        read = {column.alias for column in columns_of(each)}
        if _asks(each) or not read <= joined:
            return None
        if grain.alias not in read:
            above.append(each)
        elif read == {grain.alias} and grain.link is None:
            below.append(each)
        else:
            return None
    return tuple(each for each in below if each != TRUE), tuple(above)


class _Groups:
    """The groups of a grain's rows by its keys: a relation with a name of its own."""

    def __init__(self, grain: Instance, keys: Sequence[str], taken: Collection[str]) -> None:
        self.alias = next(name for name in _names(grain.alias) if name not in taken)
        self._grain = grain
        self._keys = keys
        self._parts: dict[MeasureQuestion, Named] = {}

    def measure(self, measure: MeasureQuestion) -> Regrouped:
        """A measure, put together from those of the groups."""
        return Regrouped(measure.function, tuple(self._part(each) for each in parts_of(measure)), measure.type)

    def in_place(self, instance: Instance, conditions: tuple[Expression, ...]) -> tuple[str, Instance]:
        """An instance by its name: the groups in the place of the grain, and another joined to them where it was to
        that."""
        link = instance.link
        if instance.alias == self._grain.alias:
            link = None if link is None else replace(link, where=None)
            return self.alias, replace(instance, alias=self.alias, link=link, node=self._node(conditions))
        if link is not None and self._grain.alias in instance.needs:
            columns = (
                replace(each, alias=self.alias) if each.alias == self._grain.alias else each for each in link.columns
            )
            instance = replace(instance, link=replace(link, columns=tuple(columns)))
        return instance.alias, instance

    def _node(self, conditions: tuple[Expression, ...]) -> Node:
        rows: Node = scan(self._grain)
        if conditions:
            rows = Filter(rows, conjunction(conditions))
        keys = tuple(Named(name, raw_column(self._grain, name)) for name in self._keys)
        return Aggregate(rows, keys, tuple(self._parts.values()))

    def _part(self, part: MeasureQuestion) -> Column:
        named = self._parts.get(part)
        if named is None:
            number, name = len(self._parts) + 1, ""
            while not name or name in self._keys:
                name, number = f"part_{number}", number + 1
            named = Named(name, AggregateCall(part.function, part.argument, part.type, part.where))
            self._parts[part] = named
        return Column(self.alias, named.name, part.type)


def _names(alias: str) -> Iterator[str]:
    """Names that fit into the 63 bytes that PostgreSQL keeps of one."""
    name = f"{alias[:40]}_by_key" if alias.isascii() else "by_key"
    yield name
    yield from (f"{name}_{number}" for number in count(2))

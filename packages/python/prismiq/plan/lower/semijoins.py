"""Turns to-many paths that only filters read into EXISTS.

A condition over such a path asks whether *some* joined row satisfies it, the row that a LEFT JOIN extends with nulls
included. That question passes through OR, and through AND where the parts read different paths; parts that read one
path speak of the same row and stay together. Precondition: nothing but the condition reads the path.
"""

from __future__ import annotations

from prismiq.plan.expressions import FALSE, And, Column, Exists, Expression, Not, Null, Or
from prismiq.plan.lower.instances import join_condition, scan
from prismiq.plan.lower.uniqueness import to_many_step
from prismiq.plan.nodes import Filter, Join, Node, Unit
from prismiq.plan.question import Question
from prismiq.plan.simplify import is_true, never_true, simplify
from prismiq.plan.trees import columns_of, conjunction, conjuncts, disjunction, rewrite


class SemiJoins:
    """Places one condition over the instances in `kept`, to which to-one paths of the condition are added."""

    def __init__(self, question: Question, kept: set[str]) -> None:
        self._question = question
        self._instances = question.instances
        self._kept = kept

    def place(self, condition: Expression) -> Expression:
        """The condition over the kept instances alone, EXISTS in the place of the others."""
        return simplify(self._some(condition))

    def _some(self, condition: Expression) -> Expression:
        """Whether some combination of related rows satisfies the condition."""
        if not self._roots(condition):
            return condition
        if isinstance(condition, Or):
            return disjunction(tuple(self._some(part) for part in condition.parts))
        if isinstance(condition, And):
            groups = self._grouped(conjuncts(condition))
            return conjunction(
                tuple(self._some(group[0]) if len(group) == 1 else self._exists(And(group)) for group in groups)
            )
        return self._exists(condition)

    def _grouped(self, parts: tuple[Expression, ...]) -> list[tuple[Expression, ...]]:
        """The parts, those together that share a path."""
        groups: list[tuple[frozenset[str], tuple[Expression, ...]]] = []
        for part in parts:
            roots = self._roots(part)
            together = [group for group in groups if group[0] & roots]
            groups = [group for group in groups if not group[0] & roots]
            merged = tuple(each for group in together for each in group[1])
            groups.append((roots.union(*(group[0] for group in together)), (*merged, part)))
        return [group for _, group in groups]

    def _roots(self, condition: Expression) -> frozenset[str]:
        """Where to-many paths of the condition leave the kept instances. To-one paths are kept as they are met."""
        used = self._question.used([condition])
        roots: set[str] = set()
        for alias, instance in self._instances.items():
            if alias in used and alias not in self._kept and instance.needs <= self._kept:
                if to_many_step(instance) and len(instance.needs) == 1:
                    roots.add(alias)
                else:
                    self._kept.add(alias)
        return frozenset(roots)

    def _exists(self, condition: Expression) -> Expression:
        roots = self._roots(condition)
        related = [alias for alias in self._instances if alias in self._question.used([condition]) - self._kept]
        if len(roots) > 1:
            return Exists(Filter(self._chain(Unit(), related), condition))
        (root,) = roots
        instance = self._instances[root]
        linked = join_condition(instance)
        rest = [alias for alias in related if alias != root]
        present = simplify(condition, instance)
        found: Expression = FALSE
        if not never_true(present):
            rows = self._chain(scan(instance), rest)
            found = Exists(Filter(rows, conjunction((linked, present))))
        without = simplify(_without(condition, frozenset(related)))
        if never_true(without):
            return found
        none = Not(Exists(Filter(scan(instance), linked)))
        missing = none if is_true(without) else conjunction((none, without))
        return missing if found == FALSE else disjunction((found, missing))

    def _chain(self, start: Node, aliases: list[str]) -> Node:
        node = start
        for alias in aliases:
            instance = self._instances[alias]
            node = Join(node, scan(instance), join_condition(instance))
        return node


def _without(condition: Expression, related: frozenset[str]) -> Expression:
    """The condition on the row that has no related one: every related column is null."""
    columns = {column: Null(column.type) for column in columns_of(condition) if column.alias in related}
    return rewrite(condition, lambda part: columns.get(part) if isinstance(part, Column) else None)

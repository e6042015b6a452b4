"""What the keys prove: from which instance which others are reached to-one.

Only uniqueness is used, never that a related row exists: a row filter on a parent takes rows away, and keys stay
unique.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from prismiq.plan.expressions import Expression
from prismiq.plan.question import Instance
from prismiq.plan.trees import columns_of


def determined(instances: Mapping[str, Instance], among: Collection[str], *starts: str) -> frozenset[str]:
    """The instances of which present rows of `starts` have at most one row each, among those given."""
    found = set(starts)
    grew = True
    while grew:
        grew = False
        for alias in among:
            link, needs = instances[alias].link, instances[alias].needs
            if link is None or not needs <= set(among):
                continue
            if alias not in found and needs <= found and link.to_one:
                found.add(alias)
                grew = True
            elif alias in found and link.from_one and not needs <= found:
                found |= needs  # from_one is of a single instance alone
                grew = True
    return frozenset(found)


def reaches_to_one(instances: Mapping[str, Instance], start: str, target: str) -> bool:
    """Whether a row of `start` has at most one row of `target`."""
    return target in determined(instances, instances, start)


def to_many_step(instance: Instance) -> bool:
    """Whether a row of the parent can have several rows of this instance."""
    return instance.link is not None and not instance.link.to_one


def reduces_to_many(instances: Mapping[str, Instance], expression: Expression) -> list[str]:
    """The instances the expression reads of which a row of the source can have several. A row around all of them, which
    an expression inside `exists` may read, is one."""
    source = next(iter(instances))
    single = determined(instances, instances, source)
    return sorted(({column.alias for column in columns_of(expression)} & instances.keys()) - single)

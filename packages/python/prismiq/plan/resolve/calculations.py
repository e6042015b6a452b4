"""Calculations: expressions over outputs, put in stages so that each sees those it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prismiq.errors import IssueCode
from prismiq.plan.expressions import Expression, Named, Output, Zone
from prismiq.plan.question import Issues
from prismiq.plan.resolve.scalars import build_scalar
from prismiq.query.expressions.tree import Name, Tree, names_in
from prismiq.query.fields import dotted
from prismiq.query.shape import CalculationShape, Slot

Find = Callable[[Name, tuple[str | int, ...]], Output | None]
Add = Callable[[CalculationShape, Expression], None]


def stage_calculations(
    shapes: tuple[CalculationShape, ...], zone: Zone, find: Find, add: Add, issues: Issues
) -> tuple[tuple[Named, ...], ...]:
    """The calculations in stages. `find` gives an output by its name, `add` makes a calculation one.

    Notes an issue for each that is part of a circle.
    """
    by_name = {shape.name: shape for shape in shapes}
    depths: dict[str, int] = {}
    stages: dict[int, list[Named]] = {}
    for shape in shapes:
        circle = _circle(shape, by_name)
        if circle:
            issues.add(
                (*shape.loc, "expression"),
                IssueCode.CIRCULAR,
                f"The calculation uses itself: {' → '.join(circle)}.",
                "Take one of them out of the circle.",
            )
    if issues.found:
        return ()
    for shape in sorted(shapes, key=lambda each: _depth(each, by_name, depths)):
        loc = (*shape.loc, "expression")
        built = build_scalar(shape.expression, lambda name, at=loc: find(name, at), zone, loc, issues, windows=True)
        if built is not None:
            add(shape, built)
            stages.setdefault(depths[shape.name], []).append(Named(shape.name, built))
    return tuple(tuple(stages[depth]) for depth in sorted(stages))


def _used(tree: Tree[Slot]) -> list[str]:
    """The outputs that an expression's tree names."""
    return [dotted(name.path) for name in names_in(tree)]


def _depth(shape: CalculationShape, by_name: Mapping[str, CalculationShape], depths: dict[str, int]) -> int:
    if shape.name not in depths:
        below = [by_name[name] for name in _used(shape.expression) if name in by_name]
        depths[shape.name] = 1 + max((_depth(each, by_name, depths) for each in below), default=0)
    return depths[shape.name]


def _circle(shape: CalculationShape, by_name: Mapping[str, CalculationShape]) -> list[str]:
    """The way from a calculation back to itself, if there is one."""
    ways = [[shape.name]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in _used(by_name[way[-1]].expression):
            if name == shape.name:
                return [*way, name]
            if name in by_name and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []

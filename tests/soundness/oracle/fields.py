"""What the parts of a definition name: the fields' values in a joined row, the grain of a measure, the paths in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prismiq.query import Aggregate, And, Condition, Dimension, Exists, Filter, Measure, Not, Or
from prismiq.query.definition import OrderBy, QueryDefinition
from prismiq.query.fields import segments
from prismiq.schema.types import NUMBERS, DataType
from soundness.oracle.answers import order_of
from soundness.oracle.conditions import named_paths
from soundness.oracle.joined import Ground, Joined, Path
from soundness.oracle.stages import NoAnswerError

Evaluate = Callable[[Callable[[str], Any]], Any]
"""An expression as a function of its fields' values."""


@dataclass(frozen=True)
class Expressions:
    """What an expression's text computes, and the fields it reads."""

    evaluate: Mapping[str, Evaluate] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Fields:
    """The fields of one definition over its ground."""

    def __init__(self, ground: Ground, expressions: Expressions) -> None:
        self.ground = ground
        self.expressions = expressions

    def value(self, joined: Joined, part: Condition | Dimension | Measure | OrderBy) -> Any:
        expression = getattr(part, "expression", None)
        if expression is not None:
            return self.expressions.evaluate[expression](lambda name: field_of(joined, segments(name)))
        assert part.field is not None
        return field_of(joined, segments(part.field))

    def read(self, part: Any) -> list[Path]:
        """The paths of the fields that a dimension, measure, condition or sort key reads."""
        expression = getattr(part, "expression", None)
        if expression is not None:
            return [segments(name)[:-1] for name in self.expressions.fields[expression]]
        return [] if part.field is None else [segments(part.field)[:-1]]

    def kind(self, field: Any) -> DataType:
        names = segments(field)
        return self.ground.table(names[:-1]).by_name[names[-1]].type

    def is_text(self, dimension: Dimension) -> bool:
        if dimension.field is None:
            return False
        (path,) = self.read(dimension)
        return self.ground.table(path).by_name[segments(dimension.field)[-1]].type is DataType.TEXT

    def is_number(self, measure: Measure) -> bool:
        if measure.aggregate in (Aggregate.BOOL_AND, Aggregate.BOOL_OR, Aggregate.STRING_AGG, Aggregate.ARRAY_AGG):
            return False
        if (
            measure.aggregate not in (Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST, Aggregate.LAST)
            or measure.field is None
        ):
            return True
        return self.kind(measure.field) in NUMBERS

    def grain(self, measure: Measure) -> Path:
        """The path whose rows are counted once each: what is asked for, else the table of the field, else of an
        expression's fields the one from which all are reached to-one, else the deepest path that does."""
        grain = self._grain_of_field(measure)
        if not all(self.ground.to_one(grain, path) for path in self.ordering(measure)):
            raise NoAnswerError("grain_unreachable")
        return grain

    def ordering(self, measure: Measure) -> list[Path]:
        return [path for each in measure.order_by for path in self.read(each)]

    def _grain_of_field(self, measure: Measure) -> Path:
        read = self.read(measure)
        if measure.table is not None or measure.grain is not None:
            asked = segments(measure.table or measure.grain or "")
            grain: Path = () if asked == (self.ground.source.name,) else asked
            if not all(self.ground.to_one(grain, path) for path in read):
                raise NoAnswerError("grain_unreachable")
            return grain
        reaching = [path for path in self.ground.closed(read) if all(self.ground.to_one(path, other) for other in read)]
        if not reaching:
            raise NoAnswerError("grain_unreachable")
        return next((path for path in reaching if path in read), reaching[-1])

    # Which paths a definition uses.

    def paths(self, definition: QueryDefinition) -> set[Path]:
        paths = {path for each in (*definition.dimensions, *definition.columns) for path in self.read(each)}
        for measure in definition.measures:
            assert isinstance(measure, Measure)
            paths |= {*self.read(measure), *self.ordering(measure), self.grain(measure)}
            paths |= self.filtered(measure.filters)
        decisive = {path for path, step in self.ground.joins.items() if step.inner or definition.columns}
        return paths | decisive | self.sorting(definition) | self.filtered(definition.filters)

    def listed(self, definition: QueryDefinition) -> list[Path]:
        """What decides the rows of a row query: the source, the explicit joins, and the paths of the columns."""
        joins = self.ground.joins if definition.columns else ()
        return self.ground.closed({*joins, *(path for each in definition.columns for path in self.read(each))})

    def sorting(self, definition: QueryDefinition) -> set[Path]:
        """The paths of what a row query is sorted by that is no output."""
        outputs = [each.name for each in definition.columns if isinstance(each, Dimension)]
        by_field = [each for each in order_of(definition) if definition.columns and each.field not in outputs]
        return {path for each in by_field for path in self.read(each)}

    def filtered(self, node: Filter | None) -> set[Path]:
        """The paths that a condition reads, with those that `exists` reaches out to."""
        if node is None:
            return set()
        if isinstance(node, Exists):
            return set(named_paths(node.filters, "outer"))
        if isinstance(node, Condition):
            return {*self.read(node), *named_paths(node, "field")}
        return {path for part in parts_of(node) for path in self.filtered(part)}


def field_of(joined: Joined, names: Path) -> Any:
    row = joined[names[:-1]]
    return None if row is None else row[names[-1]]


def parts_of(node: And | Or | Not) -> tuple[Filter, ...]:
    return node.and_ if isinstance(node, And) else node.or_ if isinstance(node, Or) else (node.not_,)

"""Before the split: metrics and dimensions of the configuration, used by name, become measures and dimensions.

A pure rewriting, definition → definition; the planner knows nothing of names. A definition's fields start at its own
table, so they are put behind the path that leads there from the query's source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from prismiq.access.scope import ScopedSchema
from prismiq.errors import IssueCode, Location
from prismiq.plan.planning import Planning
from prismiq.plan.question import Instance, Issues
from prismiq.plan.resolve.entrance import find_table
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.resolve.register import label_of
from prismiq.query.complaints import choose
from prismiq.query.definition import (
    Aggregate,
    Dimension,
    DimensionLike,
    Measure,
    MeasureLike,
    Metric,
    NamedDimension,
    OrderBy,
    OrderLike,
    QueryDefinition,
)
from prismiq.query.fields import Path, Segments, dotted, segments
from prismiq.query.filters import And, Filter
from prismiq.query.nested import with_nested
from prismiq.query.reroot import rerooted, rerooted_expression, rerooted_filter
from prismiq.query.shape import QueryShape
from prismiq.schema.models import DefinedDimension, DefinedMetric

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NamedMeasure:
    """A metric, and the measure it is from its own table."""

    defined: DefinedMetric
    part: Measure


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A dimension of the configuration, and what it is from its own table."""

    defined: DefinedDimension
    part: Dimension


NamedPart = NamedMeasure | NamedGroup


@dataclass(frozen=True, slots=True)
class Definitions:
    """The metrics and dimensions that a query can use, by name."""

    metrics: Mapping[str, NamedMeasure]
    dimensions: Mapping[str, NamedGroup]

    @classmethod
    def of(cls, metrics: Iterable[DefinedMetric], dimensions: Iterable[DefinedDimension]) -> Definitions:
        """The definitions, read. Raises Pydantic's ValidationError for one that is no measure or dimension."""
        said = {"name", "table", "description"}
        return cls(
            {each.name: NamedMeasure(each, Measure.model_validate(_dumped(each, said))) for each in metrics},
            {each.name: NamedGroup(each, Dimension.model_validate(_dumped(each, said))) for each in dimensions},
        )

    def listed(self) -> tuple[tuple[DefinedMetric, ...], tuple[DefinedDimension, ...]]:
        """All of them as the schema shows them."""
        return tuple(each.defined for each in self.metrics.values()), tuple(
            each.defined for each in self.dimensions.values()
        )


def expand(
    definition: QueryDefinition, schema: ScopedSchema, definitions: Definitions, loc: Location = ()
) -> QueryDefinition:
    """The definition with every name of the configuration written out, in the queries nested in it as well.

    Raises QueryError for a name that there is not, or that no single path leads to.
    """

    def nested(query: QueryDefinition, place: Location) -> QueryDefinition:
        return expand(query, schema, definitions, (*loc, *place))

    definition = with_nested(definition, nested)
    if not _uses_names(definition, definitions):
        return definition
    planning = Planning(schema, _not_here)
    expansion = _Expansion(definition, planning, definitions, loc)
    planning.issues.check()

    def all_of(parts: Sequence[T], key: str, change: Callable[[T, Location], T]) -> tuple[T, ...]:
        return tuple(change(each, (*loc, key, index)) for index, each in enumerate(parts))

    update = {
        "dimensions": all_of(definition.dimensions, "dimensions", expansion.dimension),
        "columns": all_of(definition.columns, "columns", expansion.dimension),
        "measures": all_of(definition.measures, "measures", expansion.measure),
    }
    planning.issues.check()
    return definition.model_copy(update=update)


def _uses_names(definition: QueryDefinition, definitions: Definitions) -> bool:
    return any(isinstance(each, Metric) for each in definition.measures) or any(
        isinstance(each, NamedDimension) or _bare_name(each) in definitions.dimensions
        for each in (*definition.dimensions, *definition.columns)
    )


def _bare_name(part: DimensionLike) -> str | None:
    """What may be the name of a dimension: a field of one word with nothing else said of it but output and label."""
    if isinstance(part, Dimension) and isinstance(part.field, str):
        return part.field
    return part if isinstance(part, str) else None


def _not_here(_shape: QueryShape, _planning: Planning) -> None:
    """Nothing is planned here."""


class _Expansion:
    def __init__(
        self, definition: QueryDefinition, planning: Planning, definitions: Definitions, loc: Location
    ) -> None:
        self._definition = definition
        self._planning = planning
        self._definitions = definitions
        self._issues = planning.issues
        self._database = planning.schema.database
        self._tree: JoinTree | None = None
        self._anchor: Segments = ()
        if isinstance(definition.source, str | Path):
            names = segments(definition.source)
            source = find_table(names, planning.schema, planning.issues, (*loc, "source"))
            if source is not None:
                self._tree = JoinTree(planning, source)
            # Before a path the source's own name, so that no alias of the query takes the place of its first step; but
            # not where a schema's name is that of a table, too.
            self._anchor = names if len(names) == 1 or not self._database.candidates(names[:1]) else ()

    def measure(self, each: MeasureLike, loc: Location) -> MeasureLike:
        if not isinstance(each, Metric):
            return each
        found = self._definitions.metrics.get(each.metric)
        if found is None:
            message = f'There is no aggregate or metric "{each.metric}".'
            known = [*(str(aggregate) for aggregate in Aggregate), *self._definitions.metrics]
            self._issues.add(loc, IssueCode.UNKNOWN_AGGREGATE, message, choose(each.metric, known))
            return each
        path = self._path(found.defined, each.path, loc)
        if path is None:
            return each
        start, part = Path(path=path), found.part
        counts_rows = part.field is None and part.expression is None
        return part.model_copy(
            update={
                "field": rerooted(part.field, path),
                "expression": rerooted_expression(part.expression, path),
                "order_by": tuple(_rerooted_order(each, path) for each in part.order_by),
                "filters": _both(rerooted_filter(part.filters, path), each.filters),
                "table": start if counts_rows else None,
                "grain": None if counts_rows else start,
                "name": each.name or each.metric,
                "label": each.label or part.label,
                "hidden": each.hidden,
            }
        )

    def dimension(self, each: DimensionLike, loc: Location) -> DimensionLike:
        name = _bare_name(each)
        if name is not None and name in self._definitions.dimensions and not self._is_column(name):
            found, written = self._definitions.dimensions[name], None
        elif isinstance(each, NamedDimension):
            name, written = each.dimension, each.path
            found = self._definitions.dimensions.get(name)
        else:
            return each  # a field; also where the source has a column of that name
        if found is None:
            known = sorted(self._definitions.dimensions)
            hint = choose(name, known) if known else "Name a `field`."
            self._issues.add((*loc, "dimension"), IssueCode.UNKNOWN_FIELD, f'There is no dimension "{name}".', hint)
            return each
        path = self._path(found.defined, written, loc)
        if path is None:
            return each
        own = {
            "name": name,
            "label": found.part.label or label_of(name),
            "field": rerooted(found.part.field, path),
            "expression": rerooted_expression(found.part.expression, path),
        }
        return found.part.model_copy(update={**own, **_said(each)})

    def _is_column(self, name: str) -> bool:
        """Whether a bare name is a field of the source. A column that the caller may not see is none: else a query that
        names a dimension would tell of it."""
        if self._tree is not None:
            return name in self._tree.source.table.columns
        return self._definition.source is not None  # what a nested query answers has names of its own

    def _path(
        self, defined: DefinedMetric | DefinedDimension, written: str | Path | None, loc: Location
    ) -> Segments | None:
        """The path from the source to the definition's table."""
        own = segments(self._database.reference(defined.table))
        names = own if written is None else segments(written)
        if self._definition.source is None and written is None:
            return own  # without a source every table starts for itself
        tree, rest, before = self._start(names)
        if tree is None:
            self._issues.add(
                (*loc, "path"),
                IssueCode.INVALID,
                f'No path leads to {dotted(own)}, on which "{defined.name}" is defined.',
                f"Start from a table, or join {dotted(own)} and write its alias as `path`.",
            )
            return None
        reached: Instance | None = tree.source
        if rest and (written is not None or defined.table != tree.source.table.ref):
            reached = tree.instance(rest, (*loc, "path") if written is not None else loc)
        if reached is None:
            return None
        if reached.table.ref != defined.table:
            self._issues.add(
                (*loc, "path"),
                IssueCode.INVALID,
                f'"{defined.name}" is defined on {dotted(own)}, '
                f"and {dotted(names)} leads to {self._database.reference(reached.table.ref)}.",
                f"Write as `path` one that leads to {dotted(own)}.",
            )
            return None
        return (*before, *reached.path)

    def _start(self, names: Segments) -> tuple[JoinTree | None, Segments, Segments]:
        """Where a path starts: at an explicit join's table or at the source; what is left of it, what comes before."""
        for join in self._definition.joins:
            if join.table is not None and names[:1] == ((join.alias or segments(join.table)[-1]),):
                found = find_table(segments(join.table), self._planning.schema, Issues(), ())
                return (None if found is None else JoinTree(self._planning, found)), names[1:], names[:1]
        return self._tree, names, self._anchor


def _said(each: DimensionLike) -> dict[str, object]:
    """What a query says of a dimension besides which it is."""
    if isinstance(each, str | Path):
        return {}
    said = each.model_fields_set - {"field", "dimension", "path"}
    return {key: value for key in said if (value := getattr(each, key)) is not None}


def _rerooted_order(each: OrderLike, path: Segments) -> OrderLike:
    assert isinstance(each, OrderBy), "shorthands are read first"
    return each.model_copy(update={"field": rerooted(each.field, path)})


def _both(own: Filter | None, asked: Filter | None) -> Filter | None:
    if own is None or asked is None:
        return own or asked
    return And(and_=(own, asked))


def _dumped(each: DefinedMetric | DefinedDimension, without: set[str]) -> dict[str, object]:
    return {key: value for key, value in each.model_dump(exclude=without).items() if value is not None}

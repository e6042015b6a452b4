"""The metrics and dimensions of the configuration: checked when the schema is loaded, and which a caller may use.

A definition is right when the query that asks for it alone, from its own table, can be planned. For a caller the same
query decides: where a table or a column of it is hidden, it cannot be planned, and the definition does not exist.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator

from pydantic import ValidationError

from prismiq.access.scope import ScopedSchema, scope
from prismiq.errors import Issue, QueryError
from prismiq.plan.expand import Definitions, NamedPart, expand
from prismiq.plan.planner import plan
from prismiq.query.complaints import complaints
from prismiq.query.definition import Aggregate, Metric, NamedDimension, QueryDefinition
from prismiq.query.fields import Path
from prismiq.query.split import split
from prismiq.schema.configuration import DimensionConfiguration, MetricConfiguration, SchemaConfiguration, invalid
from prismiq.schema.models import DatabaseSchema, DefinedDimension, DefinedMetric, TableRef
from prismiq.schema.version import schema_version


def define(schema: DatabaseSchema, configuration: SchemaConfiguration) -> DatabaseSchema:
    """The schema with the configuration's metrics and dimensions.

    Raises ConfigurationError, with every problem in one message, for those that cannot be computed.
    """
    if not configuration.metrics and not configuration.dimensions:
        return schema
    problems: list[str] = []
    metrics: list[DefinedMetric] = []
    dimensions: list[DefinedDimension] = []
    for name, metric in configuration.metrics.items():
        ref = _table(schema, metric, f"metrics.{name}", problems)
        if name in set(Aggregate):
            problems.append(f"metrics.{name}: '{name}' is the name of an aggregate")
        if name in configuration.dimensions:
            problems.append(f"metrics.{name}: there is a dimension of this name, too")
        if ref is not None:
            metrics.append(DefinedMetric(**metric.model_dump(exclude={"table"}), name=name, table=ref))
    for name, dimension in configuration.dimensions.items():
        ref = _table(schema, dimension, f"dimensions.{name}", problems)
        if ref is not None:
            dimensions.append(DefinedDimension(**dimension.model_dump(exclude={"table"}), name=name, table=ref))
    fields = {name: getattr(schema, name) for name in DatabaseSchema.model_fields}
    found = DatabaseSchema.model_validate({**fields, "metrics": tuple(metrics), "dimensions": tuple(dimensions)})
    problems += _planning_problems(found)
    if problems:
        raise invalid("The configuration's metrics and dimensions do not fit the database", problems)
    return found.model_copy(update={"version": schema_version(found)})


def usable(schema: ScopedSchema) -> Definitions:
    """What of the configuration's definitions exists for a caller."""
    everything = Definitions.of(schema.database.metrics, schema.database.dimensions)
    return Definitions(
        {name: part for name, part in everything.metrics.items() if not _issues(part, everything, schema)},
        {name: part for name, part in everything.dimensions.items() if not _issues(part, everything, schema)},
    )


class UsableDefinitions:
    """Keeps what the last scopes asked for may use."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Hashable], Definitions] = OrderedDict()

    def of(self, schema: ScopedSchema) -> Definitions:
        """What the caller may use."""
        if not schema.database.metrics and not schema.database.dimensions:
            return _NONE
        key = schema.database.version, schema.key
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = usable(schema)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


_NONE = Definitions({}, {})
_MOST_KEPT = 500


def _table(
    schema: DatabaseSchema, configured: MetricConfiguration | DimensionConfiguration, place: str, problems: list[str]
) -> TableRef | None:
    found = schema.candidates(tuple(configured.table.split(".")))
    if len(found) == 1:
        return found[0]
    if found:
        problems.append(f"{place}: table '{configured.table}' could be any of {', '.join(map(str, found))}")
        return None
    issue = _first_issue(schema, configured.table)
    problems.append(f"{place}: {_said(issue)}")
    return None


def _first_issue(schema: DatabaseSchema, table: str) -> Issue:
    try:
        plan(split(QueryDefinition(source=table, measures=(_COUNT,)))[0], scope(schema, None, None))
    except QueryError as error:
        return error.issues[0]
    raise AssertionError("a table without candidates was found")


_COUNT = QueryDefinition.model_validate({"source": "any", "measures": ["count"]}).measures[0]


def _planning_problems(schema: DatabaseSchema) -> Iterator[str]:
    everyone = scope(schema, None, None)
    parts: list[tuple[str, DefinedMetric | DefinedDimension]] = [
        *(("metrics", each) for each in schema.metrics),
        *(("dimensions", each) for each in schema.dimensions),
    ]
    for kind, each in parts:
        for issue in _definition_issues(each, everyone):
            inside = [str(step) for step in issue.loc if step not in ("measures", "dimensions", 0)]
            yield f"{'.'.join((kind, each.name, *inside))}: {_said(issue)}"


def _definition_issues(each: DefinedMetric | DefinedDimension, schema: ScopedSchema) -> Iterable[Issue]:
    try:
        if isinstance(each, DefinedMetric):
            alone = Definitions.of((each,), ())
            return _issues(alone.metrics[each.name], alone, schema)
        alone = Definitions.of((), (each,))
        return _issues(alone.dimensions[each.name], alone, schema)
    except ValidationError as error:
        return complaints(error, each.model_dump())


def _issues(part: NamedPart, definitions: Definitions, schema: ScopedSchema) -> tuple[Issue, ...]:
    """Why the query that asks for a definition alone cannot be planned."""
    ref, name = part.defined.table, part.defined.name
    source = Path(path=(ref.name,) if schema.database.candidates((ref.name,)) == (ref,) else tuple(ref))
    if name in definitions.metrics:
        question = QueryDefinition(source=source, measures=(Metric(metric=name),))
    else:
        question = QueryDefinition(source=source, dimensions=(NamedDimension(dimension=name),))
    try:
        plan(split(expand(question, schema, definitions))[0], schema)
    except QueryError as error:
        return error.issues
    return ()


def _said(issue: Issue) -> str:
    return f"{issue.message} {issue.hint}" if issue.hint else issue.message

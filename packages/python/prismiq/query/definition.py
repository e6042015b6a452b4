"""The question: one shape in JSON and in Python."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from prismiq.calendars import Month, Weekday
from prismiq.errors import IssueCode
from prismiq.query.bins import MAX_BINS, Bins, Number
from prismiq.query.expressions import ExpressionText
from prismiq.query.fields import Name, Path, Reference, as_items
from prismiq.query.filters import And, Condition, Exists, Filter, Not, Or
from prismiq.query.stages import Pivot, Top, Totals


class Aggregate(str, Enum):
    """How a measure reduces its rows to one value."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    MEDIAN = "median"
    PERCENTILE = "percentile"
    STDDEV = "stddev"
    VARIANCE = "variance"
    BOOL_AND = "bool_and"
    BOOL_OR = "bool_or"
    STRING_AGG = "string_agg"
    ARRAY_AGG = "array_agg"
    FIRST = "first"
    LAST = "last"
    APPROX_COUNT_DISTINCT = "approx_count_distinct"

    def __str__(self) -> str:
        return self.value


class Granularity(str, Enum):
    """The bucket of a time dimension, in the query's time zone. The second group is cyclic and gives integers."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    DAY_OF_WEEK = "day_of_week"
    HOUR_OF_DAY = "hour_of_day"
    DAY_OF_MONTH = "day_of_month"
    MONTH_OF_YEAR = "month_of_year"
    QUARTER_OF_YEAR = "quarter_of_year"

    def __str__(self) -> str:
        return self.value


Format = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        description="How to show the values: a d3-format (`.1%`) or a name such as `currency`; passed on as it is.",
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dimension(_Part):
    """A field or an expression to group by, or in `columns` to list. A bare string is its `field`."""

    field: Reference | None = Field(default=None, description="A path: `status`, `customer.segment`.")
    fields: dict[Name, Reference] | None = Field(
        default=None,
        description='Without a `source`: the field of each table that is measured, `{"orders": "ordered_at"}`.',
    )
    expression: ExpressionText | None = Field(default=None, description="In the place of a field; needs a `name`.")
    name: Name | None = Field(default=None, description="The output's name; the path with underscores by default.")
    granularity: Granularity | None = Field(default=None, description="Buckets a date or timestamp.")
    bins: Bins | None = Field(default=None, description="Buckets a number: `{width}`, or `{count, min, max}`.")
    edges: tuple[Number, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_BINS,
        description="Buckets a number by bounds of your own, ascending: [0, 10, 100] makes four bins, "
        "below 0, from 0, from 10, and from 100 on.",
    )
    fill: bool = Field(
        default=False,
        description="Adds the empty buckets of a granularity, over the period that `filters` give the field, else from "
        "the first to the last that is found. Counts and sums are 0 there, the rest null.",
    )
    label: str | None = Field(default=None, description="The output's name for people.")
    format: Format | None = None

    @model_validator(mode="after")
    def _one_bucket(self) -> Dimension:
        given = [name for name in ("granularity", "bins", "edges") if getattr(self, name) is not None]
        if len(given) > 1:
            message = f"A dimension has one kind of bucket, and this one has {' and '.join(given)}."
            raise PydanticCustomError(IssueCode.INVALID.value, "{message}", {"message": message})
        return self


class OrderBy(_Part):
    """Sorts by an output, or in a row query by a field. Nulls come last both ways. `"-revenue"` is descending."""

    field: Reference = Field(description="An output's name; in a row query or a measure a field.")
    descending: bool = Field(default=False, description="The greatest first.")


def _order(value: object) -> object:
    if isinstance(value, str):
        return {"field": value.removeprefix("-"), "descending": value.startswith("-")}
    return {"field": value} if _is_path(value) else value


def _is_path(value: object) -> bool:
    return isinstance(value, str | Path) or (
        isinstance(value, dict) and set(cast("dict[str, object]", value)) == {"path"}
    )


def _tuple_of_one(value: object) -> object:
    items = as_items(value)
    return (value,) if items is None else items


if TYPE_CHECKING:
    OrderLike = OrderBy | Path | str
else:  # read as the model itself, so that an error names one place and not three tries
    OrderLike = Annotated[OrderBy, BeforeValidator(_order, json_schema_input_type=OrderBy | Reference)]


class Measure(_Part):
    """An aggregate over one table's rows. `"count"` and `"sum(total)"` are shorthands.

    `count` alone counts the source's rows, with `table` that path's rows, with `field` the rows where it is not null.
    """

    aggregate: Aggregate
    field: Reference | None = Field(default=None, description="What is aggregated; its table's rows count once each.")
    expression: ExpressionText | None = Field(default=None, description="In the place of a field; needs a `name`.")
    table: Reference | None = Field(default=None, description="For `count`: the path whose rows are counted.")
    p: float | None = Field(default=None, ge=0, le=1, description="For `percentile`: 0.9 is the 90th.")
    separator: str | None = Field(
        default=None, max_length=100, description='For `string_agg`: what stands between the texts; `", "` by default.'
    )
    order_by: Annotated[tuple[OrderLike, ...], BeforeValidator(_tuple_of_one)] = Field(
        default=(),
        max_length=8,
        description="For `first` and `last`, which need it, `array_agg` and `string_agg`: the fields that the rows are "
        'ordered by; `"-ordered_at"` is descending. Nulls come last both ways, and the key breaks ties.',
    )
    filters: Filter | None = Field(default=None, description="Which of the rows this measure sees; removes no group.")
    grain: Reference | None = Field(
        default=None,
        description="The path (or the source) whose rows are counted once each; the field's table by default.",
    )
    name: Name | None = Field(default=None, description="The output's name; `<aggregate>_<path>` by default.")
    hidden: bool = Field(default=False, description="Kept out of the result; calculations, having and order see it.")
    label: str | None = Field(default=None, description="The output's name for people.")
    format: Format | None = None


class NamedDimension(_Part):
    """A dimension that the configuration defines, by its name; `GET /schema` lists them."""

    dimension: Name = Field(description="Its name in the configuration.")
    path: Reference | None = Field(
        default=None, description="The path to its table; needed only where several paths lead there."
    )
    granularity: Granularity | None = Field(default=None, description="In the place of the configured one.")
    name: Name | None = Field(default=None, description="The output's name; the dimension's by default.")
    label: str | None = Field(default=None, description="The output's name for people.")


class Metric(_Part):
    """A measure that the configuration defines, by its name; a bare name stands for it. `GET /schema` lists them."""

    metric: Name = Field(description="Its name in the configuration.")
    path: Reference | None = Field(
        default=None, description="The path to its table; needed only where several paths lead there."
    )
    filters: Filter | None = Field(
        default=None, description="In addition to the metric's own; fields start at the query's source."
    )
    name: Name | None = Field(default=None, description="The output's name; the metric's by default.")
    hidden: bool = Field(default=False, description="Kept out of the result; calculations, having and order see it.")
    label: str | None = Field(default=None, description="The output's name for people.")


class Calculation(_Part):
    """An expression over the query's dimensions, measures and other calculations, with window functions."""

    name: Name = Field(description="The output's name.")
    expression: ExpressionText = Field(description="`revenue / orders`, `sum(revenue) over (order by month)`.")
    hidden: bool = Field(default=False, description="Kept out of the result; other parts still see it.")
    label: str | None = Field(default=None, description="The output's name for people.")
    format: Format | None = None


class Comparison(_Part):
    """Compares every measure with another period: adds `<name>__previous`, `<name>__change`, `<name>__change_ratio`.

    `filters` must bound the field on both sides at their top level: that is the current period.
    """

    field: Reference = Field(description="The path of the date or timestamp whose period is moved.")
    to: Any = Field(
        description="`previous_period` (as long, directly before), `previous_year`, or a period as in `in_period`."
    )


def _dimension(value: object) -> object:
    return {"field": value} if _is_path(value) else value


_CALL = re.compile(r"(\w+)\s*\((.*)\)", re.DOTALL)


_AGGREGATES = frozenset(aggregate.value for aggregate in Aggregate)


def _measure(value: object) -> object:
    if not isinstance(value, str):
        return value
    call = _CALL.fullmatch(value.strip())
    if call is None:
        return {"aggregate": value} if value in _AGGREGATES else {"metric": value}
    aggregate, field = call[1], call[2].strip()
    return {"aggregate": aggregate} if field in ("", "*") else {"aggregate": aggregate, "field": field}


def _kind_of(value: object) -> str:
    """Which of the two a dimension or a measure is: defined in the query, or by name in the configuration."""
    named = isinstance(value, Metric | NamedDimension) or (
        isinstance(value, dict) and not {"metric", "dimension"}.isdisjoint(cast("dict[str, object]", value))
    )
    return "by name" if named else "written out"


if TYPE_CHECKING:
    DimensionLike = Dimension | NamedDimension | Path | str
    MeasureLike = Measure | Metric | str
else:  # read as the model itself, so that an error names one place and not three tries
    DimensionLike = Annotated[
        Annotated[Dimension, Tag("written out")] | Annotated[NamedDimension, Tag("by name")],
        Discriminator(_kind_of),
        BeforeValidator(_dimension, json_schema_input_type=Dimension | NamedDimension | Reference),
    ]
    MeasureLike = Annotated[
        Annotated[Measure, Tag("written out")] | Annotated[Metric, Tag("by name")],
        Discriminator(_kind_of),
        BeforeValidator(_measure, json_schema_input_type=Measure | Metric | str),
    ]


class NestedQuery(_Part):
    """A query in the place of a table: its outputs are the columns. A `QueryDefinition` itself stands for one."""

    query: QueryDefinition
    alias: Name = Field(default="query", description="What its columns' paths may begin with.")


class JoinPair(_Part):
    """One pair of equal columns."""

    left: Reference = Field(description="A field of what is already there: the source, a path from it, an alias.")
    right: Name = Field(description="A column of the joined table, or an output of the joined query.")


class Join(_Part):
    """Joins a table, or a query, where no relationship leads. The source's rows still count once each."""

    table: Reference | None = Field(default=None, description="The joined table: `addresses`, `sales.addresses`.")
    query: QueryDefinition | None = Field(default=None, description="In the place of a table; needs an `alias`.")
    alias: Name | None = Field(default=None, description="What its fields begin with; the table's name by default.")
    type: Literal["left", "inner"] = Field(
        default="left", description="`inner` leaves out the rows for which nothing is found."
    )
    on: tuple[JoinPair, ...] = Field(min_length=1, max_length=16, description="The pairs that must all be equal.")

    @model_validator(mode="after")
    def _one_relation(self) -> Join:
        if (self.table is None) == (self.query is None):
            raise PydanticCustomError("missing", "A join names a `table` or a `query`, one of them.")
        if self.query is not None and self.alias is None:
            raise PydanticCustomError("missing", "A joined query needs an `alias`.")
        return self


def _source(value: object) -> object:
    return {"query": value} if isinstance(value, QueryDefinition) else value


def _source_kind(value: object) -> str:
    nested = isinstance(value, NestedQuery) or (isinstance(value, dict) and "query" in value)
    return "nested" if nested else "reference"


if TYPE_CHECKING:
    SourceLike: TypeAlias = "str | Path | NestedQuery | QueryDefinition"
else:
    SourceLike = Annotated[
        Annotated[NestedQuery, Tag("nested")] | Annotated[Reference, Tag("reference")],
        Discriminator(_source_kind),
        BeforeValidator(_source),
    ]


class QueryDefinition(_Part):
    """One question to the database: either groups (`dimensions`, `measures`) or rows (`columns`).

    What it means is defined in the documentation's page on queries, and never depends on how it is executed.
    """

    source: SourceLike | None = Field(
        default=None,
        description='The table whose rows decide what is counted: `orders`, `sales.orders`; or `{"query": {…}}`. '
        "Without one every measure is of the table that its field or `table` begins with, over shared dimensions.",
    )
    joins: tuple[Join, ...] = Field(default=(), max_length=16, description="Joins without a relationship, in order.")
    dimensions: tuple[DimensionLike, ...] = Field(default=(), description="What to group by.")
    measures: tuple[MeasureLike, ...] = Field(default=(), description="What to compute of each group.")
    calculations: tuple[Calculation, ...] = Field(default=(), description="What to compute from the outputs.")
    compare: Comparison | None = Field(default=None, description="Each measure beside that of another period.")
    columns: tuple[DimensionLike, ...] = Field(default=(), description="What to list of each of the source's rows.")
    filters: Filter | None = Field(default=None, description="A condition on the joined rows, before aggregation.")
    top: Top | None = Field(default=None, description="Keeps the first values of one dimension by a measure.")
    having: Filter | None = Field(default=None, description="A condition on the outputs, after aggregation.")
    totals: Totals | None = Field(
        default=None,
        description=(
            "Adds rows for totals over all groups; `total_level` says how many dimensions each rolls up. `grand` rolls "
            "up all of them, `rollup` one after the other, from the last to the first."
        ),
    )
    pivot: Pivot | None = Field(
        default=None, description="Makes columns of one dimension's values; the rows are of the remaining dimensions."
    )
    order_by: Annotated[tuple[OrderLike, ...], BeforeValidator(_tuple_of_one)] = Field(
        default=(), description="Outputs to sort by, nulls last; the remaining dimensions break ties."
    )
    limit: int | None = Field(default=None, ge=0, le=2**31 - 1, description="Rows at most.")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="Rows to leave out first.")
    time_zone: str | None = Field(default=None, description="IANA name; the engine's default where absent.")
    week_start: Weekday | None = Field(
        default=None, description='The day a week begins with; the engine\'s default ("monday") where absent.'
    )
    fiscal_year_start: Month | None = Field(
        default=None,
        description="The month that years and quarters are counted from, 1 to 12 or a name; the engine's default "
        "(1) where absent.",
    )

    def to_json(self) -> dict[str, Any]:
        """The definition as plain JSON data, without what was left at its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


# A filter may hold a query, and a query filters.
for _model in (Condition, Exists, And, Or, Not, Measure, Metric, NestedQuery, Join, QueryDefinition):
    _model.model_rebuild(_types_namespace={"QueryDefinition": QueryDefinition, "Filter": Filter})

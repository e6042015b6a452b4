"""The widgets of a dashboard: what each kind shows, and its options.

`options` name outputs of the widget's query; what they leave out, whoever draws the widget takes from the result: the
first dimension along the axis, every measure as a value.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from prismiq.query import QueryDefinition
from prismiq.query.definition import Format
from prismiq.query.fields import Name

COLUMNS = 12
"""The grid's columns."""


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise PydanticCustomError("invalid", "An id has 32 hexadecimal digits.") from None


Id = Annotated[str, StringConstraints(max_length=50), AfterValidator(_id)]
"""The id that the store has for a thing."""

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=64)]
"""The id of a widget or a filter within its dashboard."""

Text = Annotated[str, StringConstraints(max_length=2_000)]
Title = Annotated[str, StringConstraints(max_length=200)]


class Part(BaseModel):
    """A part of a stored definition."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Position(Part):
    """Where a widget lies on the grid of 12 columns; `y` and `h` count rows, from the top."""

    x: int = Field(ge=0, lt=COLUMNS)
    y: int = Field(ge=0, le=10_000)
    w: int = Field(ge=1, le=COLUMNS)
    h: int = Field(ge=1, le=100)

    @model_validator(mode="after")
    def _inside(self) -> Position:
        if self.x + self.w > COLUMNS:
            raise PydanticCustomError("invalid", "A widget at this place is wider than the grid of 12 columns.")
        return self

    def overlaps(self, other: Position) -> bool:
        """Whether the two share a cell."""
        beside = self.x + self.w <= other.x or other.x + other.w <= self.x
        apart = self.y + self.h <= other.y or other.y + other.h <= self.y
        return not beside and not apart


_SAFE_URL = re.compile(r"https?://[^\s/]|/(?![/\\])|#|\?", re.IGNORECASE)


def _safe(url: str) -> str:
    if not _SAFE_URL.match(url) or any(character.isspace() or ord(character) < 32 for character in url):
        raise PydanticCustomError("invalid", "A link is an address with http, https, or a path that begins with `/`.")
    return url


class Link(Part):
    """Where a click on a value leads: to another dashboard, or to an address."""

    dashboard: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="The id or the slug of a dashboard."
    )
    filters: dict[Key, Name] = Field(
        default_factory=dict, description="Values for its filters: the filter's id and the output clicked on."
    )
    url: Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(_safe)] | None = Field(
        default=None,
        description="An address; `{carrier}` stands for the value of the output `carrier`, percent-encoded.",
    )

    @model_validator(mode="after")
    def _one_target(self) -> Link:
        if (self.dashboard is None) == (self.url is None):
            raise PydanticCustomError("missing", "A link leads to a `dashboard` or to a `url`, one of them.")
        return self


class MetricOptions(Part):
    """One number, large."""

    value: Name | None = Field(default=None, description="The output shown; the first measure by default.")
    comparison: Name | None = Field(default=None, description="The output it is compared with.")
    good: Literal["up", "down"] = Field(default="up", description="Which direction is the good one.")


class AxisOptions(Part):
    """What charts along an axis have in common."""

    x: Name | None = Field(default=None, description="The output along the axis.")
    values: tuple[Name, ...] = Field(default=(), max_length=50, description="The outputs drawn.")
    series: Name | None = Field(default=None, description="The output whose values are a series each.")
    x_title: Title | None = None
    y_title: Title | None = None
    y_min: float | None = None
    y_max: float | None = None
    legend: Literal["top", "right", "bottom", "none"] = "top"


class LineOptions(AxisOptions):
    """Lines."""

    smooth: bool = False
    points: bool = False


class AreaOptions(AxisOptions):
    """Areas below lines."""

    stacked: bool = False


class BarOptions(AxisOptions):
    """Bars, side by side."""

    horizontal: bool = False


class StackedOptions(AxisOptions):
    """Bars on top of each other."""

    horizontal: bool = False
    share: bool = Field(default=False, description="Each stack is 100 %.")


class PieOptions(Part):
    """Shares of a whole."""

    label: Name | None = None
    value: Name | None = None
    donut: bool = False
    legend: Literal["top", "right", "bottom", "none"] = "right"


class ScatterOptions(Part):
    """A point for each row."""

    x: Name | None = None
    y: Name | None = None
    size: Name | None = None
    series: Name | None = Field(default=None, description="The output whose values have a colour each.")
    x_title: Title | None = None
    y_title: Title | None = None


class HeatmapOptions(Part):
    """A cell for each pair of values, coloured by a third."""

    x: Name | None = None
    y: Name | None = None
    value: Name | None = None
    scale: Literal["sequential", "diverging"] = "sequential"


class TableOptions(Part):
    """Rows and columns."""

    columns: tuple[Name, ...] = Field(default=(), max_length=200, description="The outputs shown, in their order.")
    bars: tuple[Name, ...] = Field(default=(), max_length=50, description="The outputs with a bar in each cell.")
    page_size: int = Field(default=20, ge=1, le=1_000)


class PivotOptions(Part):
    """A table whose query has a `pivot`."""

    heat: bool = Field(default=False, description="Colours the cells by their value.")
    page_size: int = Field(default=50, ge=1, le=1_000)


class FunnelOptions(Part):
    """Steps, each smaller than the one before."""

    step: Name | None = None
    value: Name | None = None
    share: bool = Field(default=True, description="Shows each step as a share of the first.")


def _as_data(value: object) -> object:
    return value.to_json() if isinstance(value, QueryDefinition) else value


Query = Annotated[
    dict[str, Any],
    BeforeValidator(_as_data),
    WithJsonSchema(
        {"type": "object", "title": "Query", "description": "A query definition, as `POST /query` takes it."}
    ),
]
"""A query as it is written. It is read, and checked against the schema, when the dashboard is saved."""


class BaseWidget(Part):
    """What all widgets have."""

    id: Key = Field(description="Names it within its dashboard; made of the title where absent.")
    title: Title = ""
    description: Text = ""
    position: Position | None = Field(default=None, description="Below all others where absent.")


class QueryWidget(BaseWidget):
    """A widget that shows the answer to a query."""

    query: Query | None = Field(default=None, description="A query definition.")
    saved_query: Id | None = Field(default=None, description="The id of a saved query, in the place of one.")
    formats: dict[Name, Format] = Field(
        default_factory=dict, description="How to show an output: a d3-format, a d3-time-format or a name."
    )
    link: Link | None = None

    @model_validator(mode="after")
    def _one_query(self) -> QueryWidget:
        if (self.query is None) == (self.saved_query is None):
            raise PydanticCustomError("missing", "A widget has a `query` or a `saved_query`, one of them.")
        return self


class MetricWidget(QueryWidget):
    """One number."""

    type: Literal["metric"]
    options: MetricOptions = MetricOptions()


class LineWidget(QueryWidget):
    """A line chart."""

    type: Literal["line"]
    options: LineOptions = LineOptions()


class AreaWidget(QueryWidget):
    """An area chart."""

    type: Literal["area"]
    options: AreaOptions = AreaOptions()


class BarWidget(QueryWidget):
    """A bar chart."""

    type: Literal["bar"]
    options: BarOptions = BarOptions()


class StackedWidget(QueryWidget):
    """A chart of stacked bars."""

    type: Literal["stacked"]
    options: StackedOptions = StackedOptions()


class PieWidget(QueryWidget):
    """A pie, or a donut."""

    type: Literal["pie"]
    options: PieOptions = PieOptions()


class ScatterWidget(QueryWidget):
    """A scatter plot."""

    type: Literal["scatter"]
    options: ScatterOptions = ScatterOptions()


class HeatmapWidget(QueryWidget):
    """A heat map."""

    type: Literal["heatmap"]
    options: HeatmapOptions = HeatmapOptions()


class TableWidget(QueryWidget):
    """A table."""

    type: Literal["table"]
    options: TableOptions = TableOptions()


class PivotWidget(QueryWidget):
    """A pivot table."""

    type: Literal["pivot"]
    options: PivotOptions = PivotOptions()


class FunnelWidget(QueryWidget):
    """A funnel."""

    type: Literal["funnel"]
    options: FunnelOptions = FunnelOptions()


class TextOptions(Part):
    """Text has none."""


class TextWidget(BaseWidget):
    """Text, for headings and notes. It asks nothing."""

    type: Literal["text"]
    text: Annotated[str, StringConstraints(max_length=20_000)] = Field(
        description="Markdown. Whoever shows it must not run what it holds."
    )
    options: TextOptions = TextOptions()


Widget = Annotated[
    MetricWidget
    | LineWidget
    | AreaWidget
    | BarWidget
    | StackedWidget
    | PieWidget
    | ScatterWidget
    | HeatmapWidget
    | TableWidget
    | PivotWidget
    | FunnelWidget
    | TextWidget,
    Field(discriminator="type"),
]
"""A widget of any kind."""

"""What is stored: dashboards, saved queries and pins, as they are written, exported and sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from prismiq.dashboards.widgets import BaseWidget, Key, Part, Position, Query, Text, Title, Widget
from prismiq.query.fields import Name, Reference

Access = Literal["view", "edit"]
"""What somebody may do with a thing that is another's; who may edit may also view."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50)]


def _spelled_out(value: object) -> object:
    if value == "private":
        return {}
    return {"tenant": "view"} if value == "tenant" else value


class Sharing(Part):
    """Whom a thing is shared with, within its tenant. `"private"` is nobody, `"tenant"` everybody, to view."""

    tenant: Access | None = Field(default=None, description="What everybody of the tenant may do.")
    roles: dict[Name, Access] = Field(default_factory=dict, max_length=100, description="What a role may do.")
    users: dict[Name, Access] = Field(default_factory=dict, max_length=1_000, description="What a user may do.")

    @model_serializer(mode="wrap")
    def _short(self, handler: SerializerFunctionWrapHandler) -> str | dict[str, Any]:
        if not self.roles and not self.users and self.tenant != "edit":
            return "private" if self.tenant is None else "tenant"
        return {key: value for key, value in handler(self).items() if value}


Visibility = Annotated[
    Sharing, BeforeValidator(_spelled_out, json_schema_input_type=Literal["private", "tenant"] | Sharing)
]


class ValuesFrom(Part):
    """The column that a choice's values come from."""

    table: Reference
    column: Name


class BaseFilter(Part):
    """What all filters have.

    A filter applies its `field` to every widget in whose query that path can be asked. `targets` says otherwise for
    single widgets: another path, or null for none.
    """

    id: Key = Field(description="Names it within its dashboard; made of the label where absent.")
    label: Title = ""
    field: Reference = Field(description="A path, as in a query's filters.")
    targets: dict[Key, Reference | None] = Field(
        default_factory=dict, description="By a widget's id: another path, or null where it does not apply."
    )


class PeriodFilter(BaseFilter):
    """A period of a date or timestamp."""

    type: Literal["period"]
    default: Any = Field(default=None, description="A period as in `in_period`.")


class SelectFilter(BaseFilter):
    """One of a column's values."""

    type: Literal["select"]
    values: ValuesFrom | None = Field(default=None, description="The column to choose from; the field's by default.")
    default: Any = None


class MultiSelectFilter(BaseFilter):
    """Some of a column's values."""

    type: Literal["multi_select"]
    values: ValuesFrom | None = Field(default=None, description="The column to choose from; the field's by default.")
    default: list[Any] | None = None


class SearchFilter(BaseFilter):
    """A text that the field contains."""

    type: Literal["search"]
    default: Annotated[str, StringConstraints(max_length=1_000)] | None = None


class NumberRangeFilter(BaseFilter):
    """A range of numbers, both ends included; either may be absent."""

    type: Literal["number_range"]
    default: dict[Literal["min", "max"], Any] | None = None


class BooleanFilter(BaseFilter):
    """True or false."""

    type: Literal["boolean"]
    default: bool | None = None


DashboardFilter = Annotated[
    PeriodFilter | SelectFilter | MultiSelectFilter | SearchFilter | NumberRangeFilter | BooleanFilter,
    Field(discriminator="type"),
]
"""A filter of any kind."""


class StoredDefinition(Part):
    """What dashboards and saved queries have in common."""

    slug: Slug | None = Field(default=None, description="Unique among its owner's; made of the title where absent.")
    title: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    description: Text = ""
    tags: tuple[Tag, ...] = Field(default=(), max_length=30)
    visibility: Visibility = Field(
        default=Sharing(), description="Whom it is shared with: `private`, `tenant`, or roles and users by name."
    )


class Dashboard(StoredDefinition):
    """Widgets on a grid of 12 columns, and the filters above them."""

    refresh_interval: int | None = Field(default=None, ge=5, le=86_400, description="Seconds between two refreshes.")
    filters: tuple[DashboardFilter, ...] = Field(default=(), max_length=50)
    widgets: tuple[Widget, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _distinct_ids(self) -> Dashboard:
        for what, parts in (("widgets", self.widgets), ("filters", self.filters)):
            ids = [cast("BaseWidget | BaseFilter", part).id for part in parts]
            twice = next((each for each in ids if ids.count(each) > 1), None)
            if twice is not None:
                message = f'Two {what} have the id "{twice}".'
                raise PydanticCustomError("duplicate_name", "{message}", {"message": message})
        return self


class SavedQuery(StoredDefinition):
    """A query with a title, for widgets to share."""

    query: Query


class NewPin(Part):
    """A dashboard, or one of its widgets, kept at hand in a place of the host's application."""

    context: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="The place: a page of the host's, `home`."
    )
    dashboard: UUID
    widget: Key | None = None


class PinOrder(Part):
    """All pins of a place in their new order."""

    context: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    pins: tuple[UUID, ...] = Field(max_length=1_000)


class Layout(Part):
    """Where widgets go."""

    positions: dict[Key, Position] = Field(description="Positions by the ids of widgets.")


class Copy(Part):
    """How a copy is called."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)] | None = Field(
        default=None, description="`Copy of …` where absent."
    )

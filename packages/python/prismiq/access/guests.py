"""What a guest may open: somebody whom the host let in by a token, to see certain dashboards and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from prismiq.errors import PermissionDeniedError

if TYPE_CHECKING:
    from prismiq.access.context import RequestContext


class GuestGrant(BaseModel):
    """What the host grants to a guest. It opens nothing by itself: the policy applies to guests as to everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dashboards: frozenset[str] = Field(default=frozenset(), description="By id or slug.")
    widgets: frozenset[str] = Field(
        default=frozenset(), description="Of these dashboards only the widgets with these ids; all where it is empty."
    )
    locked_filters: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Values of dashboard filters by the filter's id; the guest cannot change them.",
    )


def check_not_a_guest(context: RequestContext | None) -> None:
    """Raises PermissionDeniedError for a guest: questions of their own, schema and SQL are not theirs to ask for."""
    if context is not None and context.guest is not None:
        raise PermissionDeniedError(
            "A guest may not do this.", hint="Guests open the dashboards that their token names, and nothing else."
        )


def locked_filters(context: RequestContext | None) -> Mapping[str, Any]:
    """The filter values that this caller cannot change, by the filter's id. Nothing for whoever is not a guest."""
    return {} if context is None or context.guest is None else context.guest.locked_filters


def opens_widget(context: RequestContext | None, widget: str) -> bool:
    """Whether this caller, where a guest, may see a widget of the dashboards that the grant names."""
    return context is None or context.guest is None or not context.guest.widgets or widget in context.guest.widgets

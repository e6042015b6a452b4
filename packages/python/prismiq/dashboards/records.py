"""What the stores keep and how it is asked for: records, who asks, pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from prismiq.dashboards.models import Access, Sharing


class Kind(str, Enum):
    """What a record is."""

    DASHBOARD = "dashboard"
    SAVED_QUERY = "saved_query"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as stored things are concerned. The tenant of an application without tenants is empty."""

    tenant: str
    user: str
    roles: frozenset[str]
    opens: frozenset[str] | None = None
    """Of a guest: ids and slugs of what was granted. They see that, whomever it is shared with, and nothing else."""


@dataclass(frozen=True, slots=True)
class Record:
    """A dashboard or a saved query as it is stored. `content` is what is not a field of its own; JSON, perhaps of a
    version that this program does not know: whoever reads it takes nothing for granted."""

    id: UUID
    tenant: str
    owner: str
    slug: str
    title: str
    description: str
    tags: tuple[str, ...]
    visibility: Sharing
    content: Mapping[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
    updated_by: str


SortField = Literal["title", "created_at", "updated_at"]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list: what to look for, and after which record to begin."""

    limit: int
    sort: SortField = "title"
    descending: bool = False
    after: tuple[str | datetime, UUID] | None = None
    search: str | None = None
    tag: str | None = None
    slug: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """A dashboard, or one of its widgets, that a user keeps in a place of the host's."""

    id: UUID
    context: str
    dashboard: UUID
    widget: str | None
    title: str
    """The dashboard's."""


def access_of(record: Record, caller: Caller) -> Access | None:
    """What a caller may do with a record; None is not even know of it. The stores say the same in their own way."""
    if record.tenant != caller.tenant:
        return None
    if caller.opens is not None:
        return None if caller.opens.isdisjoint((str(record.id), record.slug)) else "view"
    if record.owner == caller.user:
        return "edit"
    shared = record.visibility
    granted = {shared.tenant, shared.users.get(caller.user), *(shared.roles.get(role) for role in caller.roles)}
    return "edit" if "edit" in granted else "view" if "view" in granted else None


def sort_key(record: Record, field: SortField) -> str | datetime:
    """What a list is sorted by, then by id. Titles without regard to case."""
    return record.title if field == "title" else getattr(record, field)

"""Who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from prismiq.access.guests import GuestGrant


def _id_as_text(value: object) -> object:
    """A number or a UUID, as applications have for ids, as text."""
    return str(value) if isinstance(value, int | UUID) and not isinstance(value, bool) else value


def _uuid_as_text(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


class RequestContext(BaseModel):
    """The caller, as the host knows them. Only `user` is required.

    The host builds it from its own authentication; Prismiq never reads identity from a request by itself. `user` is a
    text, and a number or a UUID becomes one; `tenant` is a text or a number, and a UUID becomes a text. Raises
    Pydantic's ValidationError for anything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: Annotated[str, BeforeValidator(_id_as_text)]
    tenant: Annotated[str | int | None, BeforeValidator(_uuid_as_text)] = None
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, Any] = Field(default_factory=dict)
    guest: GuestGrant | None = Field(default=None, description="Set for guests, who may open dashboards and no more.")

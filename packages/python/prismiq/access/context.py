"""Who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from prismiq.access.guests import GuestGrant


class RequestContext(BaseModel):
    """The caller, as the host knows them. Only `user` is required.

    The host builds it from its own authentication; Prismiq never reads identity from a request by itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    tenant: str | int | None = None
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, Any] = Field(default_factory=dict)
    guest: GuestGrant | None = Field(default=None, description="Set for guests, who may open dashboards and no more.")

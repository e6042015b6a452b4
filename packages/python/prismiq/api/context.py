"""Who asks over HTTP: whatever the host's own dependency says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prismiq.access import RequestContext, check_not_a_guest
from prismiq.api.refusals import asking
from prismiq.errors import ConfigurationError

GetContext = Callable[..., Any]
"""Any FastAPI dependency, plain or async, that returns a `RequestContext`; it may take parameters of its own."""


async def public_context() -> RequestContext:
    """The same caller for everybody. As `get_context` it says out loud that no one is asked who they are."""
    return RequestContext(user="public")


def check_context(context: object, *, guests: bool = False) -> RequestContext:
    """The context as the host's dependency gave it. Raises ConfigurationError for anything else.

    Raises PermissionDeniedError for a guest, unless the route is one that `guests` may call: what it shows
    comes from `engine.dashboards`, where guests see what they were granted, under their locked filters.
    """
    if isinstance(context, RequestContext):
        asking.set(context)
        if not guests:
            check_not_a_guest(context)
        return context
    raise ConfigurationError(
        f"get_context returned {type(context).__name__}, not a RequestContext.",
        hint="Return RequestContext(user=…) from it, or raise HTTPException(401) for whoever may not ask.",
    )

"""Who asks over HTTP: whatever the host's own dependency says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prismiq.access import RequestContext
from prismiq.errors import ConfigurationError

GetContext = Callable[..., Any]
"""Any FastAPI dependency, plain or async, that returns a `RequestContext`; it may take parameters of its own."""


async def public_context() -> RequestContext:
    """The same caller for everybody. As `get_context` it says out loud that no one is asked who they are."""
    return RequestContext(user="public")


def check_context(context: object) -> RequestContext:
    """The context as the host's dependency gave it. Raises ConfigurationError for anything else."""
    if isinstance(context, RequestContext):
        return context
    raise ConfigurationError(
        f"get_context returned {type(context).__name__}, not a RequestContext.",
        hint="Return RequestContext(user=…) from it, or raise HTTPException(401) for whoever may not ask.",
    )

"""The HTTP side: a router that the host mounts."""

from prismiq.api.context import public_context
from prismiq.api.guests import guest_context
from prismiq.api.router import create_router

__all__ = ["create_router", "guest_context", "public_context"]

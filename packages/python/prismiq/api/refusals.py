"""Tells the audit of attempts that were refused before they came to the engine: a guest, a body that is none, a change
that names no version. What comes to the engine the engine tells of."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute

from prismiq.access import RequestContext
from prismiq.audit import Audit
from prismiq.errors import PrismiqError

asking: ContextVar[RequestContext | None] = ContextVar("prismiq_asking", default=None)
"""Who makes the request, as soon as that is known."""

_AUDIT = "_prismiq_audit"
_KINDS = {"/dashboards/{id}": "dashboard", "/saved-queries/{id}": "saved_query", "/pins/{id}": "pin"}


def tell_refusals(routes: Iterable[BaseRoute], audit: Audit) -> None:
    """Has the routes tell of them. It is noted on the endpoints, which stay the same wherever a router is mounted."""
    for route in routes:
        if isinstance(route, APIRoute):
            setattr(route.endpoint, _AUDIT, audit)


def refused(route: APIRoute, request: Request, error: PrismiqError) -> None:
    """Tells of a request that ended in an error, unless the engine did, or it is not known yet who makes it."""
    audit: Audit | None = getattr(route.endpoint, _AUDIT, None)
    context = asking.get()
    if error.told or audit is None or context is None:
        return
    with audit.of(f"{request.method} {route.path_format}", context) as noted:
        kind = next((kind for part, kind in _KINDS.items() if part in route.path_format), "")
        names = {"id": kind, "widget": "widget"}
        noted.names(**{names[key]: str(value) for key, value in request.path_params.items() if names.get(key)})
        noted.fails(error.code)

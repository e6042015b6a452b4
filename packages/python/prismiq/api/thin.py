"""Routes that every chart comes through: the host's dependency and nothing else between request and answer.

FastAPI resolves dependencies and parameters in general, which costs about as much as a small query. Where all there is
to resolve is one plain `get_context`, these routes call it themselves. Whatever else the host has put around them
(dependencies of its router or application, overrides, a `get_context` with dependencies of its own) goes FastAPI's way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from prismiq.api.problems import ProblemRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ThinRoute(ProblemRoute):
    """A route for an endpoint that takes `request` and `context`, and nothing else."""

    def get_request_handler(self) -> Handler:
        """FastAPI's handler, or a shorter way to the same where there is one."""
        handle = super().get_request_handler()
        found = _only_dependency(handle)
        if found is None:
            return handle
        get_context, takes_request, provider = found
        endpoint = self.endpoint

        async def handle_thinly(request: Request) -> Response:
            if provider is not None and provider.dependency_overrides:
                return await handle(request)
            context = await (get_context(request) if takes_request else get_context())
            return await endpoint(request=request, context=context)

        return handle_thinly


def _only_dependency(handle: Handler) -> tuple[Callable[..., Any], bool, Any] | None:
    """The one dependency that FastAPI's handler resolves, whether it takes the request, and who may override it.

    None for anything but a coroutine function that takes at most the request, and where FastAPI is built otherwise.
    """
    try:
        within = inspect.getclosurevars(handle).nonlocals
        dependant, provider = within["dependant"], within["dependency_overrides_provider"]
        wanted = list(dependant.dependencies)
        parameters = [*dependant.path_params, *dependant.query_params, *dependant.header_params]
        parameters += [*dependant.cookie_params, *dependant.body_params]
        if len(wanted) != 1 or wanted[0].name != "context" or parameters:
            return None
        call = wanted[0].call
        if not inspect.iscoroutinefunction(call):
            return None
        taken = list(inspect.signature(call).parameters)
        if not taken:
            return call, False, provider
        takes_request = len(taken) == 1 and get_type_hints(call).get(taken[0]) in (Request, HTTPConnection)
        return (call, True, provider) if takes_request else None
    except (KeyError, AttributeError, NameError, TypeError, ValueError):
        return None

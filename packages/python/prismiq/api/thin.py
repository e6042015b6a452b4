"""Routes that every chart comes through: the host's dependency and nothing else between request and answer.

FastAPI resolves dependencies and parameters in general, and stacks what may have to be closed: about as much as a small
query. Where all there is to resolve is one plain `get_context`, these routes call it themselves. Whatever else the host
has put around them (dependencies of its router or application, overrides, a limit of its own, a `get_context` with
dependencies of its own) goes FastAPI's way, and so does everything where FastAPI is built otherwise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast, get_type_hints

from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from prismiq.api.problems import Handler, ProblemRoute

_MADE_ANEW = "handle" not in vars(APIRoute)
"""Whether including a router makes its routes anew, as earlier FastAPIs do; later ones say it in the scope."""


class ThinRoute(ProblemRoute):
    """A route for an endpoint that takes `request` and `context`, and nothing else."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as FastAPI does, by a shorter way where there is one."""
        way = self._way(_included(self, scope))
        if way is None or scope["method"] not in way.methods or way.is_overridden():
            await super().handle(scope, receive, send)
            return
        response = await way.handle(Request(scope, receive, send))
        await response(scope, receive, send)

    @cached_property
    def _ways(self) -> dict[int, tuple[Any, _Way | None]]:
        return {}

    def _way(self, included: Any) -> _Way | None:
        if included is None:
            return None
        found = self._ways.get(id(included))
        if found is None:  # it is kept, too, so that nothing else can get its id
            found = self._ways[id(included)] = included, self._found(included)
        return found[1]

    def _found(self, included: Any) -> _Way | None:
        dependency = _only_dependency(included)
        if dependency is None:
            return None
        get_context, takes_request = dependency
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            context = await (get_context(request) if takes_request else get_context())
            return await endpoint(request=request, context=context)

        return _Way(self.with_problems(handle), frozenset(included.methods), included.dependency_overrides_provider)


@dataclass(frozen=True, slots=True)
class _Way:
    handle: Handler
    methods: frozenset[str]
    provider: Any
    """The application, which may override dependencies at any time."""

    def is_overridden(self) -> bool:
        return self.provider is not None and bool(self.provider.dependency_overrides)


def _included(route: ThinRoute, scope: Scope) -> Any:
    """The route as it is included, with all that is put around it there; None where FastAPI does not say."""
    if _MADE_ANEW:
        return route
    told = cast("dict[str, Any]", scope.get("fastapi", {})).get("effective_route_context")
    return told if getattr(told, "original_route", None) is route else None


def _only_dependency(included: Any) -> tuple[Callable[..., Any], bool] | None:
    """The one dependency that there is to resolve, and whether it takes the request.

    None for anything but a coroutine function that takes at most the request.
    """
    try:
        dependant = included.dependant
        wanted = list(dependant.dependencies)
        parameters = [*dependant.path_params, *dependant.query_params, *dependant.header_params]
        parameters += [*dependant.cookie_params, *dependant.body_params]
        limited = getattr(included, "max_body_size", None) is not None
        if limited or parameters or len(wanted) != 1 or wanted[0].name != "context":
            return None
        call = wanted[0].call
        if not inspect.iscoroutinefunction(call):
            return None
        taken = list(inspect.signature(call).parameters)
        if not taken:
            return call, False
        takes_request = len(taken) == 1 and get_type_hints(call).get(taken[0]) in (Request, HTTPConnection)
        return (call, True) if takes_request else None
    except (AttributeError, NameError, TypeError, ValueError):
        return None

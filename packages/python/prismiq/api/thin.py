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
from typing import Any, cast

from fastapi.routing import APIRoute
from starlette._exception_handler import wrap_app_handling_exceptions
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

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
        request = Request(scope, receive, send)
        try:
            response = await way.handle(request)
        except Exception as error:  # which the host's handlers answer, as near to the route as FastAPI has them do it
            await wrap_app_handling_exceptions(_raising(error), request)(scope, receive, send)
            return
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
        get_context, name = dependency
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            context = await (get_context() if name is None else get_context(**{name: request}))
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


def _only_dependency(included: Any) -> tuple[Callable[..., Any], str | None] | None:
    """The one dependency that there is to resolve, and by what name it takes the request, if it does.

    None for anything but a coroutine function for which FastAPI has nothing else to find out.
    """
    try:
        dependant = included.dependant
        limited = getattr(included, "max_body_size", None) is not None
        if limited or len(dependant.dependencies) != 1 or _is_asked_for_more(dependant):
            return None
        only = dependant.dependencies[0]
        if only.name != "context" or only.dependencies or _is_asked_for_more(only):
            return None
        if not inspect.iscoroutinefunction(only.call):
            return None
        names = [each for each in (only.request_param_name, only.http_connection_param_name) if each is not None]
        if list(inspect.signature(only.call).parameters) != names or len(names) > 1:
            return None
        return only.call, names[0] if names else None
    except (AttributeError, NameError, TypeError, ValueError):
        return None


def _is_asked_for_more(dependant: Any) -> bool:
    """Whether it takes more than the request and dependencies, or is called in a way of its own."""
    return bool(
        dependant.path_params
        or dependant.query_params
        or dependant.header_params
        or dependant.cookie_params
        or dependant.body_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or getattr(dependant, "concurrency", None)
    )


def _raising(error: Exception) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app

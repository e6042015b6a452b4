"""`/pins`: what a user keeps at hand, by the place in the host's application. A user's own, so without versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from prismiq.access import RequestContext
from prismiq.api.context import GetContext, check_context
from prismiq.api.documentation import body_of, documented
from prismiq.api.problems import ProblemRoute
from prismiq.api.requests import read_json_body
from prismiq.api.stored import ALWAYS, JSON
from prismiq.dashboards import NewPin, PinOrder
from prismiq.dashboards.records import Pin
from prismiq.dashboards.wire import dump_json
from prismiq.engine import PrismiqEngine

Place = Annotated[str, Query(alias="context", min_length=1, max_length=100, description="The place: `home`.")]


class PinnedThing(BaseModel):
    """A pin."""

    id: str
    context: str
    dashboard: str
    widget: str | None
    title: str


class PinList(BaseModel):
    """All pins of a place, in order."""

    items: list[PinnedThing]
    next_cursor: None = None


def pins_router(engine: PrismiqEngine, get_context: GetContext) -> APIRouter:
    """The routes below `/pins`. The engine needs a store."""
    router = APIRouter(route_class=ProblemRoute)
    limit = engine.settings.max_body_bytes
    caller: Any = Depends(get_context)

    async def list_pins(place: Place, context: RequestContext = caller) -> Response:
        """The caller's pins in a place. A dashboard that they may no longer see is left out."""
        return _listed(await engine.pins.list(place, check_context(context)))

    async def add_pin(request: Request, context: RequestContext = caller) -> Response:
        """Pins a dashboard, or one of its widgets, after the others. What is pinned already stays where it is."""
        context = check_context(context)
        pin = await engine.pins.add(await read_json_body(request, limit), context)
        return Response(dump_json(_shown(pin)), 201, {"Cache-Control": "no-store"}, JSON)

    async def order_pins(request: Request, context: RequestContext = caller) -> Response:
        """Puts the pins of a place in a new order. Those that are not named come last."""
        context = check_context(context)
        return _listed(await engine.pins.order(await read_json_body(request, limit), context))

    async def remove_pin(id: str, context: RequestContext = caller) -> Response:  # noqa: A002
        """Removes a pin."""
        await engine.pins.remove(id, check_context(context))
        return Response(status_code=204)

    def add(
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        model: type[BaseModel] | None,
        *statuses: int,
        success: int = 200,
        extra: dict[str, Any] | None = None,
    ) -> None:
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            status_code=success,
            response_class=Response,
            responses=documented(model, *dict.fromkeys((403, *statuses, *ALWAYS)), success=success),
            openapi_extra=extra,
        )

    add("GET", "/pins", list_pins, PinList, 422)
    add("POST", "/pins", add_pin, PinnedThing, 404, 413, 415, 422, success=201, extra=body_of(NewPin, "A pin."))
    order = body_of(PinOrder, "The ids of pins, in their new order.")
    add("PUT", "/pins/order", order_pins, PinList, 413, 415, 422, extra=order)
    add("DELETE", "/pins/{id}", remove_pin, None, 404, success=204)
    return router


def _shown(pin: Pin) -> dict[str, Any]:
    return {
        "id": str(pin.id),
        "context": pin.context,
        "dashboard": str(pin.dashboard),
        "widget": pin.widget,
        "title": pin.title,
    }


def _listed(pins: Sequence[Pin]) -> Response:
    content = {"items": [_shown(pin) for pin in pins], "next_cursor": None}
    return Response(dump_json(content), headers={"Cache-Control": "no-store"}, media_type=JSON)

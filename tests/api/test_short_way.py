"""The short way from request to answer is only taken where there is nothing else to do."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request

from prismiq import PrismiqEngine, RequestContext, create_router, public_context

COUNT = {"source": "orders", "measures": ["count"]}
CALLED: list[str] = []


async def refuse() -> None:
    raise HTTPException(401, "no")


async def plain() -> RequestContext:
    CALLED.append("plain")
    return RequestContext(user="u")


async def from_request(request: Request) -> RequestContext:
    CALLED.append(request.url.path)
    return RequestContext(user="u")


def synchronous() -> RequestContext:
    CALLED.append("synchronous")
    return RequestContext(user="u")


async def with_parameters(user: Annotated[str, Header()], caller: Annotated[RequestContext, Depends(plain)]) -> Any:
    CALLED.append(user)
    return caller


async def with_yield() -> Any:
    CALLED.append("before")
    yield RequestContext(user="u")
    CALLED.append("after")


async def refusing() -> RequestContext:
    raise HTTPException(403, "not you")


async def ask(app: FastAPI, path: str = "/query") -> httpx.Response:
    CALLED.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
        return await client.post(path, json=COUNT, headers={"User": "me"})


@pytest.mark.parametrize(
    ("get_context", "called"),
    [
        (plain, ["plain"]),
        (from_request, ["/a/query"]),
        (synchronous, ["synchronous"]),
        (with_parameters, ["plain", "me"]),
        (with_yield, ["before", "after"]),
    ],
)
async def test_any_dependency_is_called_once(engine: PrismiqEngine, get_context: Any, called: list[str]) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=get_context), prefix="/a")
    assert (await ask(app, "/a/query")).status_code == 200
    assert called == CALLED


async def test_what_the_dependency_raises_is_the_hosts(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=refusing))
    answer = await ask(app)
    assert (answer.status_code, answer.json()) == (403, {"detail": "not you"})


@pytest.mark.parametrize("where", ["application", "include", "nested", "router"])
async def test_no_dependency_of_the_hosts_is_passed_by(engine: PrismiqEngine, where: str) -> None:
    guard = [Depends(refuse)]
    app = FastAPI(dependencies=guard if where == "application" else [])
    ours = create_router(engine, get_context=plain)
    if where == "include":
        app.include_router(ours, dependencies=guard)
    elif where in ("nested", "router"):
        host = APIRouter(dependencies=guard if where == "router" else [])
        host.include_router(ours, dependencies=guard if where == "nested" else [])
        app.include_router(host)
    else:
        app.include_router(ours)
    assert (await ask(app)).status_code == 401


async def test_one_router_in_two_applications(engine: PrismiqEngine) -> None:
    """What guards it in one of them is of no effect in the other."""
    ours = create_router(engine, get_context=plain)
    guarded, bare = FastAPI(), FastAPI()
    guarded.include_router(ours, dependencies=[Depends(refuse)])
    bare.include_router(ours)
    for _ in range(2):
        assert (await ask(guarded)).status_code == 401
        assert (await ask(bare)).status_code == 200


async def test_overrides_hold(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=public_context))
    assert (await ask(app)).status_code == 200
    app.dependency_overrides[public_context] = refusing
    assert (await ask(app)).status_code == 403

"""The short way from request to answer is only taken where there is nothing else to do."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Security
from starlette.responses import Response

from prismiq import PrismiqEngine, RequestContext, create_router, public_context

COUNT = {"source": "orders", "measures": ["count"]}
CALLED: list[Any] = []


async def refuse() -> None:
    raise HTTPException(401, "no")


async def plain() -> RequestContext:
    CALLED.append("plain")
    return RequestContext(user="u")


async def from_request(request: Request) -> RequestContext:
    CALLED.append(request.url.path)
    return RequestContext(user="u")


async def by_name(*, request: Request) -> RequestContext:
    CALLED.append(request.url.path)
    return RequestContext(user="u")


def noted(function: Any) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        CALLED.append(sorted(kwargs))
        return await function(*args, **kwargs)

    return wrapper


@noted
async def decorated(request: Request) -> RequestContext:
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


async def test_where_there_is_nothing_else_fastapi_resolves_nothing(
    engine: PrismiqEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolves(**_: Any) -> Any:
        raise AssertionError("FastAPI resolved dependencies")

    app = FastAPI()
    app.include_router(create_router(engine, get_context=plain), prefix="/a")
    app.include_router(create_router(engine, get_context=with_parameters), prefix="/b")
    monkeypatch.setattr("fastapi.routing.solve_dependencies", resolves)
    assert (await ask(app, "/a/query")).status_code == 200
    with pytest.raises(AssertionError, match="resolved"):
        await ask(app, "/b/query")


@pytest.mark.parametrize(
    ("get_context", "called"),
    [
        (plain, ["plain"]),
        (from_request, ["/a/query"]),
        (by_name, ["/a/query"]),
        (decorated, [["request"]]),
        (synchronous, ["synchronous"]),
        (with_parameters, ["plain", "me"]),
        (with_yield, ["before", "after"]),
    ],
)
async def test_any_dependency_is_called_once(engine: PrismiqEngine, get_context: Any, called: list[Any]) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=get_context), prefix="/a")
    assert (await ask(app, "/a/query")).status_code == 200
    assert called == CALLED


async def test_what_the_dependency_raises_is_the_hosts(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=refusing))
    answer = await ask(app)
    assert (answer.status_code, answer.json()) == (403, {"detail": "not you"})


async def signed_in(request: Request) -> Request:
    raise HTTPException(401, "who are you")


async def of_a_dependency(request: Annotated[Request, Depends(signed_in)]) -> RequestContext:
    return RequestContext(user="u")


async def of_a_default(request: Request = Depends(signed_in)) -> RequestContext:  # noqa: B008  as hosts write it
    return RequestContext(user="u")


async def of_a_security(request: Annotated[Request, Security(signed_in, scopes=["read"])]) -> RequestContext:
    return RequestContext(user="u")


@pytest.mark.parametrize("get_context", [of_a_dependency, of_a_default, of_a_security])
async def test_a_request_that_comes_of_a_dependency(engine: PrismiqEngine, get_context: Any) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=get_context))
    assert (await ask(app)).status_code == 401


async def reads_and_refuses(request: Request) -> RequestContext:
    await request.body()
    raise HTTPException(401, "a wrong signature")


async def test_the_hosts_handlers_get_the_request_whose_body_was_read(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=reads_and_refuses))

    @app.exception_handler(HTTPException)
    async def handle(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(f"{error.detail}: {(await request.body()).decode()}", 401)

    answer = await asyncio.wait_for(ask(app), 20)
    assert (answer.status_code, answer.text) == (401, f"a wrong signature: {answer.request.content.decode()}")


async def test_the_hosts_own_handlers_answer_what_the_dependency_raises(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=refusing))

    @app.exception_handler(HTTPException)
    async def handle(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(f"{request.url.path}: {error.detail}", 418)

    answer = await ask(app)
    assert (answer.status_code, answer.text) == (418, "/query: not you")


async def test_another_method_is_refused(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=plain))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
        answer = await client.put("/query", json=COUNT)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_the_hosts_limit_of_bodies_holds(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=plain), max_body_size=10)
    assert (await ask(app)).status_code == 413


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

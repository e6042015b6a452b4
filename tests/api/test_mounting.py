"""The router in all sorts of hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response
from starlette.routing import Mount

from prismiq.access import AccessPolicy, RequestContext
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine
from prismiq.errors import ConfigurationError

QUESTION = {"source": "orders", "measures": ["count"]}


async def answers(client: httpx.AsyncClient, prefix: str, **headers: str) -> None:
    response = await client.post(f"{prefix}/query", json=QUESTION, headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()["rows"]
    assert (await client.get(f"{prefix}/schema", headers=headers)).status_code == 200
    assert (await client.get(f"{prefix}/health/ready")).status_code == 200
    wrong = await client.post(f"{prefix}/query", json={}, headers=headers)
    assert wrong.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("prefix", ["", "/analytics", "/tenants/{tenant}/analytics"])
async def test_under_any_prefix(engine: PrismiqEngine, connect: Any, prefix: str) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=public_context), prefix=prefix)
    async with connect(app) as client:
        await answers(client, prefix.replace("{tenant}", "acme"))


async def test_nested_in_a_router_of_the_hosts(engine: PrismiqEngine, connect: Any) -> None:
    inner, app = APIRouter(prefix="/v1"), FastAPI()
    inner.include_router(create_router(engine, get_context=public_context), prefix="/prismiq")
    app.include_router(inner, prefix="/api")
    async with connect(app) as client:
        await answers(client, "/api/v1/prismiq")


async def test_twice_in_one_application(engine: PrismiqEngine, shared_shop_dsn: str, connect: Any) -> None:
    async def of_acme() -> RequestContext:
        return RequestContext(user="u", tenant="acme")

    policy = AccessPolicy(tenant_column="tenant_id")
    async with PrismiqEngine(shared_shop_dsn, policy=policy) as other:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context), prefix="/a")
        app.include_router(create_router(other, get_context=of_acme), prefix="/b")
        async with connect(app) as client:
            await answers(client, "/a")
            await answers(client, "/b")
            everything = (await client.post("/a/query", json=QUESTION)).json()["rows"][0][0]
            theirs = (await client.post("/b/query", json=QUESTION)).json()["rows"][0][0]
            assert 0 < theirs < everything
            document = (await client.get("/openapi.json")).json()
            operations = [each["operationId"] for path in document["paths"].values() for each in path.values()]
            assert len(operations) == len(set(operations)) == 26


async def test_behind_a_root_path(engine: PrismiqEngine) -> None:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=public_context), prefix="/prismiq")
    transport = httpx.ASGITransport(app, root_path="/behind")
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
        await answers(client, "/behind/prismiq")
        document = (await client.get("/behind/openapi.json")).json()
        assert document["servers"] == [{"url": "/behind"}]


async def test_in_an_application_mounted_in_another(engine: PrismiqEngine, connect: Any) -> None:
    inner = FastAPI()
    inner.include_router(create_router(engine, get_context=public_context))
    async with connect(Starlette(routes=[Mount("/sub", inner)])) as client:
        await answers(client, "/sub")


async def test_with_the_hosts_own_lifespan(shared_shop_dsn: str, connect: Any) -> None:
    engine = PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine:
            yield

    app = FastAPI(lifespan=lifespan)
    app.include_router(create_router(engine, get_context=public_context))
    async with connect(app) as client:
        for method, path in (("POST", "/query"), ("GET", "/schema"), ("GET", "/health/ready")):
            before = await client.request(method, path, json=QUESTION if method == "POST" else None)
            assert (before.status_code, before.json()["code"]) == (503, "engine_not_open")
            assert "engine.open()" in before.json()["hint"]
        assert (await client.get("/health/live")).status_code == 200
        async with app.router.lifespan_context(app):
            await answers(client, "")


async def test_behind_middleware_that_wraps_bodies(engine: PrismiqEngine, connect: Any) -> None:
    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            await request.body()
            response = await call_next(request)
            response.headers["x-stamp"] = "yes"
            return response

    app = FastAPI()
    app.add_middleware(Stamp)
    app.add_middleware(Stamp)
    app.include_router(create_router(engine, get_context=public_context))
    async with connect(app) as client:
        await answers(client, "")
        assert (await client.post("/query", json=QUESTION)).headers["x-stamp"] == "yes"


class TestContext:
    """`get_context` is any dependency: of any form, with parameters and dependencies of its own."""

    async def check(self, engine: PrismiqEngine, connect: Any, dependency: Any) -> None:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=dependency))
        async with connect(app) as client:
            await answers(client, "", **{"x-user": "me"})

    async def test_plain_function(self, engine: PrismiqEngine, connect: Any) -> None:
        await self.check(engine, connect, lambda: RequestContext(user="u"))

    async def test_with_parameters(self, engine: PrismiqEngine, connect: Any) -> None:
        async def of_header(x_user: str = Header()) -> RequestContext:
            assert x_user == "me"
            return RequestContext(user=x_user)

        await self.check(engine, connect, of_header)

    async def test_with_dependencies_and_an_end(self, engine: PrismiqEngine, connect: Any) -> None:
        ended: list[str] = []

        def user(request: Request) -> str:
            return request.headers.get("x-user", "none")

        async def context(name: Annotated[str, Depends(user)]) -> AsyncIterator[RequestContext]:
            yield RequestContext(user=name)
            ended.append(name)

        # As FastAPI would resolve it in a module of the host's, where names are global.
        context.__annotations__["name"] = Annotated[str, Depends(user)]
        await self.check(engine, connect, context)
        assert ended

    async def test_an_object(self, engine: PrismiqEngine, connect: Any) -> None:
        class Provider:
            def __call__(self) -> RequestContext:
                return RequestContext(user="u")

        await self.check(engine, connect, Provider())

    async def test_the_hosts_overrides_hold(self, engine: PrismiqEngine, connect: Any) -> None:
        def forbidden() -> RequestContext:
            raise AssertionError("overridden")

        app = FastAPI()
        app.include_router(create_router(engine, get_context=forbidden))
        app.dependency_overrides[forbidden] = public_context
        async with connect(app) as client:
            await answers(client, "")

    async def test_anything_but_a_context_is_the_hosts_bug(self, engine: PrismiqEngine) -> None:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=lambda: {"user": "u"}))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
            with pytest.raises(ConfigurationError, match="get_context returned dict"):
                await client.post("/query", json=QUESTION)

    async def test_it_must_be_given(self, engine: PrismiqEngine) -> None:
        with pytest.raises(TypeError, match="get_context"):
            create_router(engine)  # type: ignore[call-arg] that is the point


def test_an_engine_without_a_policy_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"AccessPolicy\.open\(\)"):
        create_router(PrismiqEngine("postgresql://nowhere"), get_context=public_context)


async def test_a_second_start_after_an_end(shared_shop_dsn: str, connect: Any) -> None:
    """Reloading servers open and close the same engine again and again."""
    engine = PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open())
    app = FastAPI()
    app.include_router(create_router(engine, get_context=public_context))
    async with connect(app) as client:
        for _ in range(2):
            async with engine:
                await answers(client, "")
            assert (await client.post("/query", json=QUESTION)).status_code == 503

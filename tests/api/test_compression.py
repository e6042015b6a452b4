"""Compressed answers over real connections: the same bytes once they are opened, and never twice."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest
import zstandard
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from prismiq import MemoryStore
from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine
from prismiq.execution import encodings
from prismiq.settings import Settings

QUESTION: dict[str, Any] = {"source": "many", "columns": ["id", "text"], "order_by": ["id"]}
SOME = {**QUESTION, "limit": 1_000}
FEW = {**QUESTION, "limit": 3}
ENCODINGS = ("zstd", "gzip")
CHANGES = re.compile(rb'"(?:as_of|duration_ms)":[^,}]*|"cached":(?:true|false)')
"""What differs between answers to the same question."""


@pytest.fixture
async def many(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        """CREATE TABLE many AS SELECT n AS id, 'text number ' || n AS text FROM generate_series(1, 60000) AS n;
        ALTER TABLE many ADD PRIMARY KEY (id); ANALYZE many"""
    )
    await connection.close()
    return dsn


class Servers:
    """Servers of the same database, with other settings and in another host."""

    def __init__(self, dsn: str, serve: Any, stack: AsyncExitStack) -> None:
        self._dsn = dsn
        self._serve = serve
        self._stack = stack

    async def start(self, *, middleware: bool = False, **settings: Any) -> httpx.AsyncClient:
        enter = self._stack.enter_async_context
        engine = await enter(
            PrismiqEngine(
                self._dsn,
                policy=AccessPolicy.open(),
                store=MemoryStore(),
                settings=Settings(pool_max_size=2, **settings),
            )
        )
        app = FastAPI()
        if middleware:
            app.add_middleware(GZipMiddleware, minimum_size=100)
        app.include_router(create_router(engine, get_context=public_context))
        host, port = await enter(self._serve(app))
        plain = {"accept-encoding": "identity"}
        return await enter(httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=plain))


@pytest.fixture
async def servers(many: str, serve: Any) -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        yield Servers(many, serve, stack)


async def fetch(client: httpx.AsyncClient, method: str, path: str, encoding: str, **request: Any) -> tuple[Any, bytes]:
    """The response, and its bytes as they came."""
    headers = {"accept-encoding": encoding, **request.pop("headers", {})}
    async with client.stream(method, path, headers=headers, **request) as response:
        return response, b"".join([piece async for piece in response.aiter_raw()])


def opened(content: bytes, encoding: str) -> bytes:
    """All of it; an error where something is missing."""
    reader: Any = zlib.decompressobj(31) if encoding == "gzip" else zstandard.ZstdDecompressor().decompressobj()
    found = reader.decompress(content)
    assert reader.eof
    assert not reader.unused_data
    return found


def same(content: bytes) -> bytes:
    return CHANGES.sub(b"", content)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/query", SOME),
        ("POST", "/query", QUESTION),
        ("POST", "/query?format=csv", QUESTION),
        ("POST", "/query?format=ndjson", QUESTION),
        ("POST", "/query?format=csv", FEW),
        ("POST", "/query/batch", {"queries": {"some": SOME}}),
        ("GET", "/schema/tables/many/columns/text/values?limit=1000", None),
        ("GET", "/query/schema", None),
    ],
    ids=["whole", "in pieces", "csv", "ndjson", "a small csv", "batch", "values", "JSON Schema"],
)
async def test_the_same_bytes(servers: Servers, method: str, path: str, body: Any, encoding: str) -> None:
    client = await servers.start()
    _, plain = await fetch(client, method, path, "identity", json=body)
    for _ in range(2):  # of what is kept the second time
        response, content = await fetch(client, method, path, f"br, {encoding}", json=body)
        assert response.status_code == 200
        assert response.headers["content-encoding"] == encoding
        assert response.headers["vary"] == "accept-encoding"
        assert same(opened(content, encoding)) == same(plain)
        assert len(plain) < 1_000 or len(content) < len(plain) / 2
    first, untouched = await fetch(client, method, path, "identity", json=body)
    assert "content-encoding" not in first.headers
    assert first.headers["vary"] == "accept-encoding", "a cache must not give it to everybody"
    assert same(untouched) == same(plain)


async def test_small_answers_are_sent_as_they_are(servers: Servers) -> None:
    client = await servers.start()
    response, content = await fetch(client, "POST", "/query", "gzip", json=FEW)
    assert json.loads(content)["row_count"] == 3
    assert not {"content-encoding", "vary"} & set(response.headers)


async def test_it_can_be_turned_off(servers: Servers) -> None:
    client = await servers.start(compress_from=0)
    for path, body in (("/query", SOME), ("/query", QUESTION), ("/query?format=csv", QUESTION)):
        response, _ = await fetch(client, "POST", path, "gzip, zstd", json=body)
        assert not {"content-encoding", "vary"} & set(response.headers)


async def test_from_how_many_bytes(servers: Servers) -> None:
    client = await servers.start(compress_from=100)
    response, content = await fetch(client, "POST", "/query", "gzip", json=FEW)
    assert json.loads(opened(content, response.headers["content-encoding"]))["row_count"] == 3
    client = await servers.start(compress_from=1_000_000)
    response, content = await fetch(client, "POST", "/query", "gzip", json=SOME)
    assert json.loads(content)["row_count"] == 1_000


async def test_without_zstd_it_is_gzip(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prismiq.api.compression.OFFERED", ("gzip",))
    client = await servers.start()
    response, content = await fetch(client, "POST", "/query", "zstd, gzip", json=SOME)
    assert json.loads(opened(content, "gzip"))["row_count"] == 1_000
    response, content = await fetch(client, "POST", "/query", "zstd, *", json=SOME)
    assert response.headers["content-encoding"] == "gzip"
    response, content = await fetch(client, "POST", "/query", "zstd", json=SOME)
    assert json.loads(content)["row_count"] == 1_000


async def test_a_workbook_is_compressed_in_itself(servers: Servers) -> None:
    client = await servers.start()
    response, content = await fetch(client, "POST", "/query?format=xlsx", "gzip", json=SOME)
    assert content.startswith(b"PK")
    assert not {"content-encoding", "vary"} & set(response.headers)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/query", SOME), ("GET", "/query/schema", None), ("GET", "/schema", None)],
    ids=["answer", "JSON Schema", "schema"],
)
async def test_an_etag_of_one_encoding_holds_in_all(servers: Servers, method: str, path: str, body: Any) -> None:
    client = await servers.start(compress_from=100)
    tags: set[str] = set()
    for encoding in ("identity", *ENCODINGS):
        response, _ = await fetch(client, method, path, encoding, json=body)
        tags.add(response.headers["etag"])
    (tag,) = tags
    assert tag.startswith('W/"'), "a strong tag would have to differ"
    for encoding in ("identity", *ENCODINGS):
        response, content = await fetch(client, method, path, encoding, json=body, headers={"if-none-match": tag})
        assert (response.status_code, content) == (304, b"")
        assert "content-encoding" not in response.headers
        assert response.headers["vary"] == "accept-encoding"


async def test_a_kept_answer_is_compressed_once(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def compress(content: bytes, encoding: encodings.Encoding) -> bytes:
        made.append(encoding)
        return encodings.compress(content, encoding)

    monkeypatch.setattr("prismiq.api.compression.compress", compress)
    client = await servers.start(cache_ttl=60)
    found: list[Any] = []
    for encoding in ("gzip", "gzip", "gzip", "zstd", "zstd", "gzip"):
        response, content = await fetch(client, "POST", "/query", encoding, json=SOME)
        answer = json.loads(opened(content, encoding))
        assert ("age" in response.headers) == answer["meta"]["cached"]
        found.append(answer)
    assert [answer["meta"].pop("cached") for answer in found] == [False, True, True, True, True, True]
    assert all(answer == found[0] for answer in found)
    assert made == ["gzip", "gzip", "zstd"], "the first as it was computed, then each as it was kept"


async def test_many_who_wait_for_one_answer_have_it_compressed_once(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def compress(content: bytes, encoding: encodings.Encoding) -> bytes:
        made.append(encoding)
        return encodings.compress(content, encoding)

    monkeypatch.setattr("prismiq.api.compression.compress", compress)
    client = await servers.start(cache_ttl=60)
    asked = [fetch(client, "POST", "/query", "gzip", json={**QUESTION, "limit": 20_000}) for _ in range(8)]
    answers = [json.loads(opened(content, "gzip")) for _, content in await asyncio.gather(*asked)]
    assert {answer["row_count"] for answer in answers} == {20_000}
    assert len(made) <= 4, "who came while it was computed or compressed shares it"


@pytest.mark.parametrize("body", [SOME, QUESTION], ids=["whole", "in pieces"])
async def test_a_hosts_middleware_does_not_compress_it_again(servers: Servers, body: Any) -> None:
    client = await servers.start(middleware=True)
    _, plain = await fetch(client, "POST", "/query", "identity", json=body)
    response, content = await fetch(client, "POST", "/query", "zstd, gzip", json=body)
    assert response.headers.get_list("content-encoding") == ["zstd"]
    assert same(opened(content, "zstd")) == same(plain)
    response, content = await fetch(client, "POST", "/query", "gzip", json=body)
    assert response.headers.get_list("content-encoding") == ["gzip"]
    assert same(opened(content, "gzip")) == same(plain)
    response, content = await fetch(client, "POST", "/query", "gzip", json=FEW)
    assert response.headers.get_list("vary", split_commas=True) == ["Accept-Encoding"], "a small one is the host's"


async def test_a_host_that_compresses_by_itself(servers: Servers) -> None:
    client = await servers.start(middleware=True, compress_from=0)
    response, content = await fetch(client, "POST", "/query", "zstd, gzip", json=QUESTION)
    assert response.headers.get_list("content-encoding") == ["gzip"]
    assert json.loads(opened(content, "gzip"))["row_count"] == 60_000


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_each_answer_of_a_batch_can_be_read_when_it_is_there(servers: Servers, many: str, encoding: str) -> None:
    """The second waits for a lock that is let go once the first has been read."""
    holder = await asyncpg.connect(many)
    await holder.execute("CREATE TABLE held (id int PRIMARY KEY)")
    client = await servers.start()
    assert (await client.get("/schema")).status_code == 200
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE held")
    queries = {"first": FEW, "second": {"source": "held", "measures": ["count"]}}
    reader: Any = zlib.decompressobj(31) if encoding == "gzip" else zstandard.ZstdDecompressor().decompressobj()
    read = b""
    headers = {"accept-encoding": encoding}
    async with client.stream("POST", "/query/batch", json={"queries": queries}, headers=headers) as response:
        async for piece in response.aiter_raw():
            read += reader.decompress(piece)
            if transaction is not None and read.endswith(b"\n"):
                assert json.loads(read)["query"] == "first"
                await transaction.rollback()
                transaction = None
    await holder.close()
    assert reader.eof
    assert [json.loads(line).get("query") for line in read.splitlines()] == ["first", "second", None]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_broken_off_answer_has_no_end(servers: Servers, encoding: str) -> None:
    client = await servers.start(export_row_cap=50_000)
    reader: Any = zlib.decompressobj(31) if encoding == "gzip" else zstandard.ZstdDecompressor().decompressobj()
    read = b""
    with pytest.raises(httpx.RemoteProtocolError):
        async with client.stream(
            "POST", "/query?format=csv", json=QUESTION, headers={"accept-encoding": encoding}
        ) as response:
            async for piece in response.aiter_raw():
                read += reader.decompress(piece)
    assert read.startswith(b"id,text\n1,text number 1\n")
    assert not reader.eof


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_an_error_on_the_way_is_the_last_line(servers: Servers, encoding: str) -> None:
    client = await servers.start(export_row_cap=50_000)
    _, content = await fetch(client, "POST", "/query?format=ndjson", encoding, json=QUESTION)
    assert json.loads(opened(content, encoding).splitlines()[-1])["error"]["code"] == "result_too_large"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_client_that_leaves_within_the_rows_ends_them(
    servers: Servers, many: str, until: Any, encoding: str
) -> None:
    watcher = await asyncpg.connect(many)
    text = " || ".join(f"md5({place} || n::text)" for place in range(20))
    await watcher.execute(f"CREATE VIEW long AS SELECT n AS id, {text} AS text FROM generate_series(1, 100000) AS n")
    client = await servers.start()

    async def copying() -> int:
        return await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
        )

    for _ in range(3):
        request = {
            "json": {"source": "long", "columns": ["id", "text"], "order_by": ["id"]},
            "headers": {"accept-encoding": encoding},
        }
        async with client.stream("POST", "/query?format=csv", **request) as response:
            await anext(response.aiter_raw())
            assert await copying() == 1

        async def ended() -> bool:
            return not await copying()

        await until(ended)
    assert (await client.post("/query", json=FEW)).json()["row_count"] == 3
    await watcher.close()

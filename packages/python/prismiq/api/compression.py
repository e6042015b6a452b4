"""Answers in fewer bytes, for clients that take them so (RFC 9110).

A weak ETag speaks of what an answer says and not of its bytes, so the same one holds in every encoding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request

from prismiq.api.formats import weight
from prismiq.api.plain import Headers, PlainResponse
from prismiq.api.requests import header
from prismiq.execution.encodings import OFFERED, Encoding, Stepwise, compress
from prismiq.execution.forms import Forms
from prismiq.settings import Settings

IN_LOOP = 100_000
"""Bytes whose compression holds the event loop for less than a millisecond; of more a thread makes less."""

_ALIASES = {"x-gzip": "gzip"}
VARY = (b"vary", b"accept-encoding")
"""Where the encoding depends on what the client accepts, also in a 304 that stands for such an answer."""


def accepted(accept_encoding: str) -> Encoding | None:
    """The encoding that a client likes best, of equals the better one; None where it wants an answer as it is."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        weights[_ALIASES.get(name, name)] = weight(parameters)
    others = weights.get("*", 0)
    best = max(OFFERED, key=lambda name: weights.get(name, others))
    liked = weights.get(best, others)
    return best if liked and liked >= weights.get("identity", 0) else None


def negotiated(request: Request, settings: Settings) -> tuple[Encoding | None, Headers]:
    """How an answer goes to this client, and what its headers say of that."""
    if not settings.compress_from:
        return None, ()
    encoding = accepted(header(request, b"accept-encoding"))
    return encoding, (VARY,) if encoding is None else (VARY, (b"content-encoding", encoding.encode()))


def is_worth_it(size: int, settings: Settings) -> bool:
    """Whether an answer of so many bytes is compressed for whoever accepts that."""
    return 0 < settings.compress_from <= size


async def whole(
    request: Request, settings: Settings, content: bytes, headers: Headers, *, forms: Forms | None = None
) -> PlainResponse:
    """A whole answer, compressed where that is worth it; what is made of it is kept with `forms`."""
    if not is_worth_it(len(content), settings):
        return PlainResponse(content, headers)
    return await encoded(request, settings, lambda: content, headers, forms=forms)


async def encoded(
    request: Request,
    settings: Settings,
    content: Callable[[], bytes],
    headers: Headers,
    *,
    forms: Forms | None = None,
    keep: bool = True,
) -> PlainResponse:
    """The same for one that is worth it, of which `content` is not asked where its form is there already."""
    encoding, more = negotiated(request, settings)
    headers = [*headers, *more]
    if encoding is None:
        return PlainResponse(content(), headers)
    if forms is None:
        return PlainResponse(await _compressed(content(), encoding), headers)
    made = await forms.get(encoding, lambda: _compressed(content(), encoding), keep=keep)
    return PlainResponse(made, headers)


async def _compressed(content: bytes, encoding: Encoding) -> bytes:
    if len(content) > IN_LOOP:
        return await asyncio.to_thread(compress, content, encoding)
    return compress(content, encoding)


async def step(compressor: Stepwise, piece: bytes) -> bytes:
    """A piece, compressed."""
    if len(piece) > IN_LOOP:
        return await asyncio.to_thread(compressor.step, piece)
    return compressor.step(piece)

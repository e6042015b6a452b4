"""`guest_context`: a dependency for `get_context` that lets in whoever brings a guest's token."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request

from prismiq.access import RequestContext
from prismiq.errors import GuestTokenError
from prismiq.guests import GuestTokens


def guest_context(tokens: GuestTokens) -> Callable[[Request], Coroutine[Any, Any, RequestContext]]:
    """For `create_router(…, get_context=guest_context(tokens))`: reads `Authorization: Bearer <token>`.

    A missing token and one that is not accepted are the same 401. To serve your own users by the same router, call
    `await tokens.verify(text)` in a `get_context` of yours.
    """

    async def get_context(request: Request) -> RequestContext:
        given = request.headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer":
            raise GuestTokenError("There is no valid guest token.", hint="Have the application issue a new one.")
        return await tokens.verify(token.strip())

    return get_context

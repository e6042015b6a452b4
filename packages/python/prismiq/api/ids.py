"""Ids by which an answer, the log and the audit are matched."""

from __future__ import annotations

import os

from starlette.requests import Request

_QUERY_ID = "prismiq.query_id"
_AT_ONCE = 128
_made: list[str] = []
"""Ids that nobody has yet: asking the system for randomness costs more than the rest of a kept answer's headers."""

if hasattr(os, "register_at_fork"):  # or parent and child would give the same ones
    os.register_at_fork(after_in_child=_made.clear)


def new_id() -> str:
    """128 random bits in hexadecimal."""
    try:
        return _made.pop()
    except IndexError:
        random = os.urandom(16 * _AT_ONCE).hex()
        _made.extend(random[start : start + 32] for start in range(32, len(random), 32))
        return random[:32]


def query_id_of(request: Request) -> str:
    """A new id for the question in a request, known to whoever answers it with an error."""
    query_id = request.scope[_QUERY_ID] = new_id()
    return query_id


def known_query_id(request: Request) -> str | None:
    """The id of the question in a request, where it came so far as to have one."""
    return request.scope.get(_QUERY_ID)

"""What OpenAPI says about headers: what a client may send, and what comes with an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Responses = dict[int | str, dict[str, Any]]


def _sent(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def headers_of(descriptions: Mapping[str, str]) -> dict[str, Any]:
    """OpenAPI's headers of a response."""
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in descriptions.items()}


IF_MATCH = _sent("If-Match", "The ETag of the version that is changed, or `*` for whichever is there.", required=True)
IF_NONE_MATCH = _sent("If-None-Match", "The `ETag` of an earlier answer: 304 where it is still the same.")
CACHE_CONTROL = _sent("Cache-Control", "`max-age=60`: an answer of the last minute will do. `no-cache`: compute it.")
PREFER = _sent("Prefer", "`numbers=string`, as the parameter `numbers`.")

_ETAG = {"ETag": "Send it back as `If-None-Match`."}
_QUERY = {
    **_ETAG,
    "X-Query-Id": "For your logs and the audit.",
    "Server-Timing": "Milliseconds for `query`: planned, run and encoded.",
    "Age": "Seconds since a kept answer was computed.",
    "Preference-Applied": "`numbers=string`, where `Prefer` asked for it.",
}


def with_etag(responses: Responses, headers: Mapping[str, str] = _ETAG) -> Responses:
    """The same responses, where the client may hold the answer already."""
    shown = headers_of(headers)
    unchanged = {"description": "Nothing has changed since the `ETag` that was sent.", "headers": shown}
    return {**responses, 200: {**responses[200], "headers": shown}, 304: unchanged}


def of_a_query(responses: Responses) -> Responses:
    """The same responses, with what differs from one request to the next in headers."""
    return with_etag(responses, _QUERY)

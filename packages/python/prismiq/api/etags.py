"""Entity tags (RFC 9110): whether the client has the current version already."""

from __future__ import annotations

import re

from starlette.requests import Request

from prismiq.api.requests import header

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def etag_of(version: str) -> str:
    """A weak tag: equal versions mean the same, if perhaps in other bytes."""
    return f'W/"{version}"'


def not_modified(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names the tag, compared weakly; it may be a list, or `*` for any."""
    given = header(request, b"if-none-match").strip()
    return bool(given) and (given == "*" or etag.removeprefix("W/") in _TAG.findall(given))

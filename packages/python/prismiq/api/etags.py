"""Entity tags (RFC 9110): whether the client has the current version already."""

from __future__ import annotations

import re

from starlette.requests import Request

from prismiq.api.problems import PreconditionRequiredError
from prismiq.api.requests import header

_VERSION = re.compile(r'(?:W/)?"(\d{1,18})"', re.ASCII)
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def etag_of(version: str) -> str:
    """A weak tag: equal versions mean the same, if perhaps in other bytes."""
    return f'W/"{version}"'


def not_modified(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names the tag, compared weakly; it may be a list, or `*` for any."""
    given = header(request, b"if-none-match").strip()
    return bool(given) and (given == "*" or etag.removeprefix("W/") in _TAG.findall(given))


def required_versions(request: Request) -> frozenset[int] | None:
    """The versions that `If-Match` permits a change to; None for `*`, which is whichever is there.

    A weak tag counts as well: proxies that compress make one of a strong one. Raises PreconditionRequiredError where
    the header is missing, so that nobody overwrites by oversight what another wrote.
    """
    given = header(request, b"if-match").strip()
    if not given:
        raise PreconditionRequiredError(
            "A change names the version it is made to.", hint="Send the `ETag` that you read as `If-Match`."
        )
    return None if given == "*" else frozenset(int(version) for version in _VERSION.findall(given))

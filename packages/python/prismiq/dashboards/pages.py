"""Pages of a list: where one ends and the next begins. A cursor names the last record, so rows that are added or
removed meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast, get_args
from uuid import UUID

from prismiq.dashboards.records import Listing, Record, SortField, sort_key
from prismiq.errors import DefinitionError, Issue, IssueCode

MAX_PAGE = 100
SORTS = tuple(f"{sign}{field}" for field in get_args(SortField) for sign in ("", "-"))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list. `next_cursor` leads to those that follow; None where there are none."""

    items: list[T]
    next_cursor: str | None


def listing(
    *, search: str | None, tag: str | None, slug: str | None, sort: str, cursor: str | None, limit: int
) -> Listing:
    """What to ask a store for: one record more than the page has. Raises DefinitionError for what is not valid."""
    if sort not in SORTS:
        raise _invalid("sort", f'There is no order "{sort[:40]}".', f"There are {', '.join(SORTS)}.")
    if not 1 <= limit <= MAX_PAGE:
        raise _invalid("limit", f"A page has 1 to {MAX_PAGE} items.", "Follow `next_cursor` for more.")
    for name, text in (("search", search), ("tag", tag), ("slug", slug)):
        if text is not None and ("\0" in text or any("\ud800" <= character <= "\udfff" for character in text)):
            raise _invalid(name, "A text holds a character that is stored nowhere.", "Leave it out.")
    field = cast("SortField", sort.removeprefix("-"))
    after = None if cursor is None else _after(cursor, sort)
    return Listing(limit + 1, field, sort.startswith("-"), after, search, tag, slug)


def page_of(found: list[Record], asked: Listing) -> tuple[list[Record], str | None]:
    """The page's records, and the cursor to the next."""
    size = asked.limit - 1
    if len(found) <= size:
        return found, None
    value = sort_key(found[size - 1], asked.sort)
    shown = value.isoformat() if isinstance(value, datetime) else value
    sort = f"-{asked.sort}" if asked.descending else asked.sort
    content = json.dumps([sort, shown, str(found[size - 1].id)], separators=(",", ":"))
    return found[:size], base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _after(cursor: str, sort: str) -> tuple[str | datetime, UUID]:
    try:
        content: Any = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        given, value, last = content
        if given != sort or not isinstance(value, str) or "\0" in value:
            raise ValueError
        value.encode()  # half a surrogate pair is stored nowhere
        if not sort.endswith("title"):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError
            return moment, UUID(last)
        return value, UUID(last)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        message = "This cursor belongs to no list in this order."
        raise _invalid("cursor", message, "Send `next_cursor` as it came, with the same `sort`.") from None


def _invalid(name: str, message: str, hint: str) -> DefinitionError:
    return DefinitionError([Issue((name,), IssueCode.INVALID_VALUE, message, hint)])

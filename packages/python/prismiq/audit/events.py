"""What an event says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from math import isfinite
from typing import Any, cast

from pydantic import BaseModel

from prismiq.errors import PrismiqError


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One question, look or change: by whom, of what, and how it ended. What there is none of is None or empty."""

    at: datetime
    """When it began, in UTC."""
    operation: str
    """The engine's method, such as `answer_query` or `dashboards.update`; for what was refused before it came to one,
    the route: `POST /query`."""
    outcome: str
    """`ok`, the stable code of the error, `cancelled` where the caller left, `internal_error` for a bug."""
    seconds: float
    user: str | None = None
    """None for what the host's own code does without a context."""
    tenant: str | int | None = None
    roles: tuple[str, ...] = ()
    guest: bool = False
    shape: str | None = None
    """A digest of the SQL: questions that differ in values alone have the same."""
    tables: tuple[str, ...] = ()
    """What the SQL reads, also for the policy's sake."""
    rows: int | None = None
    cached: bool | None = None
    """Whether the answer was kept from before."""
    query_id: str | None = None
    """The `X-Query-Id` of the response."""
    dashboard: str | None = None
    widget: str | None = None
    saved_query: str | None = None
    pin: str | None = None
    values: Any = None
    """What was sent: the question, or the arguments of the change. Only where the audit was made with `values=True`."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without what there is none of."""
        found = {name: getattr(self, name) for name in _NAMES}
        found["at"] = self.at.isoformat()
        found["roles"], found["tables"] = list(self.roles), list(self.tables)
        found["values"] = plain(self.values)
        return {name: value for name, value in found.items() if value is not None and value != []}

    def to_json(self) -> str:
        """The event as JSON, on one line."""
        return one_line(self.as_dict())


def one_line(data: dict[str, Any]) -> str:
    """JSON in ASCII, so that nothing a caller sends begins a line of its own in a log."""
    return json.dumps(data)


_NAMES = [each.name for each in fields(AuditEvent)]


@lru_cache(1_024)
def shape_of(sql: str) -> str:
    """A short digest of an SQL text, the same wherever it is computed."""
    return blake2b(sql.encode(), digest_size=8).hexdigest()


def outcome_of(error: BaseException | None) -> str:
    """How it ended."""
    if error is None:
        return "ok"
    if isinstance(error, PrismiqError):
        return error.code
    return PrismiqError.code if isinstance(error, Exception) else "cancelled"


def plain(value: Any) -> Any:
    """What was sent, as JSON can hold it; texts stay texts."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in cast("list[Any]", value)]
    return str(value)

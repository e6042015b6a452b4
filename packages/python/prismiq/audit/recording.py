"""Notes what is asked and changed while it runs, and tells of it when it is over.

With nobody to tell, `Audit.of` gives a `Noted` that notes nothing: that is all it costs then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Mapping
from contextvars import ContextVar, Token
from datetime import datetime, timezone
from time import perf_counter
from types import MappingProxyType, TracebackType
from typing import Any

from prismiq.access import RequestContext
from prismiq.audit.delivery import Delivery, Observer
from prismiq.audit.events import AuditEvent, one_line, outcome_of, shape_of
from prismiq.audit.pieces import Pieces
from prismiq.errors import PrismiqError

__all__ = ["NOT_NOTED", "SILENT", "Audit", "Noted", "Observer", "about"]

logger = logging.getLogger("prismiq.audit")

CLOSING = 5.0
"""Seconds that a slow observer has when the engine is closed."""
LONGEST_NAME = 200
"""Characters of an id as it was sent."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_about: ContextVar[Mapping[str, str]] = ContextVar("prismiq_audit_about", default=_NOTHING)


class Noted:
    """What is known of an operation under way. As a context manager it tells of it at the end, however it ends."""

    __slots__ = ()

    def asks(self, sql: str, tables: Collection[object]) -> None:
        """What it became."""

    def answers(self, rows: int, *, cached: bool | None = None) -> None:
        """What it gave."""

    def names(self, **names: str | None) -> None:
        """Which stored things it is about: `dashboard`, `widget`, `saved_query`, `pin`."""

    def fails(self, code: str) -> None:
        """How it ended, where that is no error."""

    def streams(self, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The pieces of an answer that is given when the block is over: it is told of when they are."""
        return pieces

    def __enter__(self) -> Noted:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


NOT_NOTED = Noted()
"""Nobody is told of it."""


class Audit:
    """Who is told of what is asked and changed.

    Each `observer` is called with every AuditEvent, in a thread of its own and in their order; of more than 10,000 that
    wait for it, further ones are dropped and counted in `dropped`. The logger `prismiq.audit` gets them at INFO, where
    that is enabled, unless `log` is false. `values` puts into the events what was sent; without it they hold none.
    """

    def __init__(self, *observers: Observer, values: bool = False, log: bool = True) -> None:
        self._deliveries = [Delivery(each) for each in observers]
        self._values = values
        self._log = log

    @property
    def dropped(self) -> int:
        """Events that an observer never got, since it was too slow."""
        return sum(each.dropped for each in self._deliveries)

    @property
    def listening(self) -> bool:
        """Whether anybody is told."""
        return bool(self._deliveries) or (self._log and logger.isEnabledFor(logging.INFO))

    def of(self, operation: str, context: RequestContext | None, values: object = None) -> Noted:
        """Notes an operation for as long as the block runs:

        with audit.of("execute_query", context, question) as noted:
            ...
            noted.answers(result.row_count)
        """
        if not self.listening:
            return NOT_NOTED
        return _Noted(self, operation, context, values if self._values else None)

    def tell(self, event: AuditEvent) -> None:
        """Hands an event to the log and to the observers. Raises nothing."""
        try:
            if self._log and logger.isEnabledFor(logging.INFO):
                data = event.as_dict()
                logger.info("%s", one_line(data), extra={"audit": data})
            for each in self._deliveries:
                each.put(event)
        except Exception:
            logger.exception("An audit event was lost.")

    async def close(self) -> None:
        """Waits until the observers have got what waits for them, some seconds at most."""
        await asyncio.gather(*(asyncio.to_thread(each.close, CLOSING) for each in self._deliveries))


SILENT = Audit(log=False)
"""Nobody is told."""


class about:  # noqa: N801  used as `with about(dashboard=…):`
    """Says of every event that begins within the block what it is about: `query_id`, `dashboard`, `widget`,
    `saved_query`, `pin`. Tasks that are begun within it belong to it."""

    __slots__ = ("_names", "_token")

    def __init__(self, **names: str) -> None:
        self._names = names
        self._token: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        self._token = _about.set({**_about.get(), **self._names})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None
        _about.reset(self._token)


class _Noted(Noted):
    __slots__ = ("_at", "_audit", "_context", "_found", "_names", "_operation", "_outcome", "_started", "_under_way")

    def __init__(self, audit: Audit, operation: str, context: RequestContext | None, values: object) -> None:
        self._audit = audit
        self._operation = operation
        self._context = context
        self._names: dict[str, str] = {}
        self._found: dict[str, Any] = {"values": values}
        self._outcome: str | None = None
        self._under_way = False
        self._at = datetime.now(timezone.utc)
        self.names(**_about.get())
        self._started = perf_counter()

    def asks(self, sql: str, tables: Collection[object]) -> None:
        self._found["shape"] = shape_of(sql)
        self._found["tables"] = tuple(sorted(map(str, tables)))

    def answers(self, rows: int, *, cached: bool | None = None) -> None:
        self._found["rows"] = rows
        self._found["cached"] = cached

    def names(self, **names: str | None) -> None:
        self._names |= {name: value[:LONGEST_NAME] for name, value in names.items() if value is not None}

    def fails(self, code: str) -> None:
        self._outcome = code

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._under_way and error is None:
            return
        self.tell(error)

    def streams(self, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        self._under_way = True
        return Pieces(pieces, self.tell)

    def tell(self, error: BaseException | None) -> None:
        if isinstance(error, PrismiqError):
            error.told = True
        context = self._context
        event = AuditEvent(
            at=self._at,
            operation=self._operation,
            outcome=self._outcome or outcome_of(error),
            seconds=round(perf_counter() - self._started, 6),
            user=None if context is None else context.user,
            tenant=None if context is None else context.tenant,
            roles=() if context is None else tuple(sorted(context.roles)),
            guest=context is not None and context.guest is not None,
            **self._names,
            **self._found,
        )
        self._audit.tell(event)

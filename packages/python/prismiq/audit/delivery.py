"""Brings events to an observer, in a thread: however slow it is, nobody who asks waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Full, Queue
from threading import Lock, Thread

from prismiq.audit.events import AuditEvent

logger = logging.getLogger("prismiq.audit")

Observer = Callable[[AuditEvent], object]
"""Is called with each event, in a thread of its own. What it raises is logged."""

MAX_WAITING = 10_000
"""Events that wait for one observer; more are dropped, and counted."""


class Delivery:
    """One observer and what waits for it. The thread begins with the first event, and does not keep a program alive."""

    def __init__(self, observer: Observer, *, max_waiting: int = MAX_WAITING) -> None:
        self._observer = observer
        self._waiting: Queue[AuditEvent | None] = Queue(max_waiting)
        self._thread: Thread | None = None
        self._lock = Lock()
        self._told = 0
        self.dropped = 0
        """Events that the observer never got."""

    def put(self, event: AuditEvent) -> None:
        """Hands an event over; drops it where too many wait."""
        try:
            self._waiting.put_nowait(event)
        except Full:
            self.dropped += 1
            return
        if self._thread is None:
            self._begin()

    def close(self, timeout: float) -> None:
        """Waits until the observer has got what waits, so many seconds at most. It may be used again."""
        thread = self._thread
        if thread is None:
            return
        try:
            self._waiting.put(None, timeout=timeout)
        except Full:
            return
        thread.join(timeout)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="prismiq-audit", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._observer(event)
            except Exception:
                logger.exception("An observer of audit events failed.")
            self._tell_of_dropped()
        with self._lock:
            self._thread = None
        # One that came after the end was asked for, and before that was known.
        if not self._waiting.empty():
            self._begin()

    def _tell_of_dropped(self) -> None:
        dropped = self.dropped
        if dropped > self._told:
            logger.warning("%d audit events were dropped: their observer is too slow.", dropped - self._told)
            self._told = dropped

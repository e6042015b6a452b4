"""Observers are called in a thread of their own, in order; however slow or broken, nobody who asks notices."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timezone

import pytest

from prismiq import Audit, AuditEvent
from prismiq.audit.delivery import Delivery


def event(operation: str = "x") -> AuditEvent:
    return AuditEvent(at=datetime.now(timezone.utc), operation=operation, outcome="ok", seconds=0)


async def test_every_observer_gets_every_event_in_order() -> None:
    one: list[str] = []
    other: list[str] = []
    threads: set[int] = set()

    def observe(each: AuditEvent) -> None:
        threads.add(threading.get_ident())
        one.append(each.operation)

    audit = Audit(observe, lambda each: other.append(each.operation), log=False)
    for number in range(1_000):
        with audit.of(str(number), None):
            pass
    await audit.close()
    assert one == other == [str(number) for number in range(1_000)]
    assert threads.isdisjoint({threading.get_ident()})
    assert audit.dropped == 0


async def test_it_may_be_used_again_after_it_was_closed() -> None:
    got: list[str] = []
    audit = Audit(lambda each: got.append(each.operation), log=False)
    for operation in ("before", "after"):
        with audit.of(operation, None):
            pass
        await audit.close()
    await audit.close()
    assert got == ["before", "after"]


def test_too_many_are_dropped_and_counted_and_told_of(caplog: pytest.LogCaptureFixture) -> None:
    begun, go_on = threading.Event(), threading.Event()
    got: list[str] = []

    def slow(each: AuditEvent) -> None:
        begun.set()
        go_on.wait(10)
        got.append(each.operation)

    delivery = Delivery(slow, max_waiting=3)
    delivery.put(event("0"))
    assert begun.wait(10)
    for number in range(1, 10):
        delivery.put(event(str(number)))  # comes back at once
    assert delivery.dropped == 6
    go_on.set()
    delivery.close(10)
    assert got == ["0", "1", "2", "3"]
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["6 audit events were dropped: their observer is too slow."]


def test_an_observer_that_fails_gets_the_next_event(caplog: pytest.LogCaptureFixture) -> None:
    got: list[str] = []

    def fails(each: AuditEvent) -> None:
        got.append(each.operation)
        raise RuntimeError("of the observer")

    delivery = Delivery(fails)
    for operation in ("one", "two"):
        delivery.put(event(operation))
    delivery.close(10)
    assert got == ["one", "two"]
    assert [record.getMessage() for record in caplog.records] == ["An observer of audit events failed."] * 2


def test_one_that_never_comes_back_does_not_keep_the_engine_open() -> None:
    stuck = threading.Event()
    delivery = Delivery(lambda _: stuck.wait(30), max_waiting=1)
    for _ in range(3):
        delivery.put(event())
    delivery.close(0.05)
    stuck.set()
    delivery.close(10)

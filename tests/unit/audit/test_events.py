from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from prismiq import Audit, AuditEvent, GuestGrant, QueryDefinition, RequestContext
from prismiq.audit import about
from prismiq.audit.recording import Noted
from prismiq.errors import NotFoundError
from prismiq.schema.models import TableRef

ADA = RequestContext(user="ada", tenant="acme", roles=frozenset({"sales", "admin"}))


class Recorded(logging.Handler):
    """What a log got."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [record.__dict__["audit"] for record in self.records]


@pytest.fixture
def log() -> Iterator[Recorded]:
    """The logger at INFO."""
    logger, handler = logging.getLogger("prismiq.audit"), Recorded()
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_what_an_event_says(log: Recorded) -> None:
    with about(query_id="q1"), Audit().of("answer_query", ADA, {"source": "orders"}) as noted:
        noted.asks("SELECT $1", {TableRef("public", "orders")})
        noted.answers(7, cached=True)
    [event] = log.events
    assert event.pop("seconds") >= 0
    assert datetime.fromisoformat(event.pop("at")).utcoffset() is not None
    assert event == {
        "operation": "answer_query",
        "outcome": "ok",
        "user": "ada",
        "tenant": "acme",
        "roles": ["admin", "sales"],
        "guest": False,
        "shape": "22437473063b0db8",
        "tables": ["public.orders"],
        "rows": 7,
        "cached": True,
        "query_id": "q1",
    }


def test_values_only_where_they_are_asked_for(log: Recorded) -> None:
    question = {"source": "orders", "filters": {"field": "note", "value": "secret"}}
    for audit in (Audit(), Audit(values=True)):
        with audit.of("execute_query", ADA, question):
            pass
    without, with_ = log.events
    assert "secret" not in json.dumps(without)
    assert "values" not in without
    assert with_["values"] == question


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b'{"source": "orders"}', '{"source": "orders"}'),
        (b"\xff", "�"),
        (QueryDefinition(source="orders", limit=1), {"source": "orders", "limit": 1}),
        ({"id": Decimal("1.10"), 2: {date(2025, 1, 1)}}, {"id": "1.10", "2": ["2025-01-01"]}),
        (("a", None, True, 1.5, float("nan")), ["a", None, True, 1.5, "nan"]),
    ],
)
def test_whatever_was_sent_is_json(value: object, shown: object) -> None:
    event = AuditEvent(at=datetime.now(timezone.utc), operation="x", outcome="ok", seconds=0, values=value)
    assert json.loads(event.to_json(), parse_constant=pytest.fail)["values"] == shown


HOSTILE = 'ada\n2026-01-01 INFO {"user": "root"}\r\x1b[2J\u2028\u2029\x85\0'


def test_nothing_begins_a_line_of_its_own(log: Recorded) -> None:
    context = RequestContext(user=HOSTILE, tenant=HOSTILE, roles=frozenset({HOSTILE}))
    with about(dashboard=HOSTILE), Audit(values=True).of("dashboards.get", context, HOSTILE):
        pass
    [record] = log.records
    line = record.getMessage()
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["user"] == HOSTILE


def test_how_it_ends(log: Recorded) -> None:
    for error in (None, NotFoundError("There is none."), ValueError("a bug"), KeyboardInterrupt(), GeneratorExit()):
        try:
            with Audit().of("x", None):
                if error is not None:
                    raise error
        except BaseException as raised:
            assert raised is error
    assert [event["outcome"] for event in log.events] == ["ok", "not_found", "internal_error", "cancelled", "cancelled"]
    assert "a bug" not in str(log.records), "nor what an error says"


def test_who_is_a_guest_or_nobody(log: Recorded) -> None:
    for context in (ADA.model_copy(update={"guest": GuestGrant()}), None):
        with Audit().of("x", context):
            pass
    guest, nobody = log.events
    assert (guest["guest"], nobody["guest"]) == (True, False)
    assert "user" not in nobody


def test_nothing_is_noted_for_nobody() -> None:
    logging.getLogger("prismiq.audit").setLevel(logging.WARNING)
    notes = [Audit().of("x", ADA), Audit(log=False).of("x", ADA)]
    logging.getLogger("prismiq.audit").setLevel(logging.NOTSET)
    assert [type(note) for note in notes] == [Noted, Noted]
    assert notes[0] is notes[1], "one for all"


def test_an_id_is_not_longer_than_ids_are(log: Recorded) -> None:
    with about(dashboard="x" * 1_000_000), Audit().of("x", ADA) as noted:
        noted.names(widget="y" * 1_000_000)
    [event] = log.events
    assert (event["dashboard"], event["widget"]) == ("x" * 200, "y" * 200)


def test_a_log_that_fails_is_nobodys_error(log: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno == logging.INFO:
                raise OSError("the disk is full")

    logger, handler = logging.getLogger("prismiq.audit"), Broken()
    logger.addHandler(handler)
    try:
        with Audit().of("x", ADA):
            pass
    finally:
        logger.removeHandler(handler)
    assert [each.getMessage() for each in caplog.records if each.levelno > logging.INFO] == ["An audit event was lost."]

"""Each error of the driver becomes one of ours, and nothing that PostgreSQL said comes along."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from prismiq.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailableError,
    NotFoundError,
    PrismiqError,
    QueryFailedError,
    QueryTimeoutError,
)
from prismiq.execution.failures import own_errors

SECRET = "secret of another tenant: SELECT 42"


def postgres(sqlstate: str, text: str = SECRET) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": sqlstate, "M": text, "D": SECRET, "H": SECRET})


def raised(error: BaseException) -> PrismiqError:
    with pytest.raises(PrismiqError) as caught, own_errors():
        raise error
    assert caught.value.__cause__ is error
    assert SECRET not in str(caught.value)
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "refused"),
        ConnectionResetError(),
        OSError("no route"),
        asyncio.TimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        postgres("08006"),
        postgres("08003"),
        postgres("57P01"),
        postgres("57P02"),
        postgres("57P03"),
        postgres("53300"),
        postgres("28P01"),
        postgres("3D000"),
        postgres("40001"),
        postgres("55P03"),
    ],
)
def test_away(error: Exception) -> None:
    assert type(raised(error)) is DatabaseUnavailableError


def test_timeout_and_an_administrators_cancel() -> None:
    assert type(raised(postgres("57014", "canceling statement due to statement timeout"))) is QueryTimeoutError
    assert type(raised(postgres("57014", "storniere Anfrage wegen Zeitüberschreitung"))) is QueryTimeoutError
    assert type(raised(postgres("57014", "canceling statement due to user request"))) is DatabaseError


@pytest.mark.parametrize("state", ["2201B", "22003", "22012", "22008", "22P02", "22023", "54001", "22025", "22021"])
def test_refused_values(state: str) -> None:
    assert type(raised(postgres(state))) is QueryFailedError


def test_each_kind_of_refusal_says_something_else() -> None:
    states = ["2201B", "22003", "22012", "22008", "22P02", "54001"]
    assert len({raised(postgres(state)).message for state in states}) == len(states)


@pytest.mark.parametrize("state", ["42P01", "42703", "3F000", "42501"])
def test_a_schema_that_changed(state: str) -> None:
    error = raised(postgres(state))
    assert type(error) is DatabaseError
    assert error.details == {"schema_changed": True}


@pytest.mark.parametrize("state", ["42601", "25006", "XX000", "53200", "53100"])
def test_anything_else_is_a_database_error(state: str) -> None:
    error = raised(postgres(state))
    assert type(error) is DatabaseError
    assert not error.details


def test_the_drivers_own_errors() -> None:
    assert type(raised(asyncpg.InternalClientError(SECRET))) is DatabaseUnavailableError
    assert type(raised(asyncpg.ClientConfigurationError(SECRET))) is ConfigurationError
    assert type(raised(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"))) is QueryFailedError


def test_ours_and_foreign_ones_pass() -> None:
    ours = NotFoundError("gone")
    with pytest.raises(NotFoundError) as caught, own_errors():
        raise ours
    assert caught.value is ours
    with pytest.raises(ZeroDivisionError), own_errors():
        raise ZeroDivisionError
    with pytest.raises(asyncio.CancelledError), own_errors():
        raise asyncio.CancelledError

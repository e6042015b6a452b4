"""What PostgreSQL, the driver and the network raise → our errors, in our own words.

PostgreSQL's text is never passed on: it may quote SQL or another tenant's value. The original is the `__cause__`, for
logs.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailableError,
    Issue,
    IssueCode,
    PrismiqError,
    QueryError,
    QueryFailedError,
    QueryTimeoutError,
)
from prismiq.plan.stages.fill import MAX_GROUPS
from prismiq.sql.spans import MAX_BUCKETS

# asyncpg.InternalClientError is no PostgresError; asyncio's TimeoutError is not the built-in one before Python 3.11.
_DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
    UnicodeDecodeError,
)

_TRY_AGAIN = "Try again in a moment; the engine reconnects by itself."
_NARROW = "Narrow the filters, group by fewer or coarser dimensions, or raise PRISMIQ_STATEMENT_TIMEOUT."
_CHECK_VALUES = "Check the values in the filters."

# By SQLSTATE, the exact code first and then its class (the first two characters).
_REFUSED: dict[str, tuple[str, str]] = {
    "2201B": ("The regular expression is not valid.", "PostgreSQL's POSIX syntax applies; balance brackets."),
    "22025": ("The pattern ends in an escape character.", "Write a literal backslash as two."),
    "22003": ("A number in this query is out of range.", "Use smaller values, or average where you sum."),
    "22008": ("A date in this query is out of range.", "PostgreSQL's dates go from 4713 BC to the year 294276."),
    "22012": ("This query divides by zero.", "Exclude the rows whose divisor is zero."),
    "22021": ("A text in this query has a character that the database cannot store.", _CHECK_VALUES),
    "54": ("This query is too complex for PostgreSQL.", "Use fewer filters, columns or joined tables."),
    "22": ("PostgreSQL refused a value of this query.", _CHECK_VALUES),
}
# What a statement of ours asks for only where it refuses itself.
_TOO_COMPLEX: dict[str, tuple[str, str]] = {
    "2201W": (  # a negative LIMIT: `prismiq.sql.buckets.refused_beyond`
        f"The data spans more than {MAX_BUCKETS} buckets to `fill`.",
        "Bound the period by `filters`, or choose a coarser granularity.",
    ),
    "2201X": (  # a negative OFFSET: `prismiq.plan.stages.fill`
        f"With `fill`, this query has more than {MAX_GROUPS} groups.",
        "Narrow the filters, group by fewer dimensions, or choose a coarser granularity.",
    ),
}
_SCHEMA_CHANGED = frozenset({"42P01", "42703", "42704", "3F000"})
_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05", "53300", "55P03"})
_AWAY_CLASSES = frozenset({"08", "40"})
_LOGIN_CLASSES = frozenset({"28", "3D"})


def is_of_the_driver(error: PrismiqError) -> bool:
    """Whether the driver failed to read what PostgreSQL sent, which it will again."""
    return isinstance(error.__cause__, asyncpg.InternalClientError)


class own_errors:  # noqa: N801  used as `with own_errors():`; a class, since this is on every query's way
    """Raises our errors in place of the driver's, of the network's and of PostgreSQL's."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, _DRIVER_ERRORS) and not isinstance(error, PrismiqError):
            raise translate(error) from error


def translate(error: BaseException) -> PrismiqError:
    """Our error for one of theirs."""
    if isinstance(error, asyncpg.PostgresError):
        return _from_postgres(error)
    if isinstance(error, UnicodeDecodeError):
        return QueryFailedError(
            "The result holds text that is not valid UTF-8.", hint="Repair the rows, or leave the column out."
        )
    if isinstance(error, asyncpg.ClientConfigurationError):
        return bad_address()
    return unavailable()


def unavailable() -> DatabaseUnavailableError:
    """PostgreSQL cannot be reached."""
    return DatabaseUnavailableError("PostgreSQL cannot be reached now.", hint=_TRY_AGAIN)


def bad_address() -> ConfigurationError:
    """The address cannot be read. It is not repeated: it may hold a password."""
    return ConfigurationError(
        "The database address is not valid.", hint="It looks like postgresql://user:password@host:5432/name."
    )


def _from_postgres(error: asyncpg.PostgresError) -> PrismiqError:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "57014":
        return _cancelled(error)
    if state in _TOO_COMPLEX:
        return QueryError([Issue((), IssueCode.TOO_COMPLEX, *_TOO_COMPLEX[state])])
    if state in _SCHEMA_CHANGED:
        return DatabaseError(
            "The database's schema changed since it was read.",
            hint="Try again in a moment; `await engine.refresh_schema()` reads it now.",
            details={"schema_changed": True},
        )
    if state == "42501":
        return DatabaseError(
            "The database role may no longer read what this query needs.",
            hint="Grant SELECT to the role, or refresh the schema so that the table is left out.",
            details={"schema_changed": True},
        )
    if state in _AWAY or state[:2] in _AWAY_CLASSES:
        return unavailable()
    if state[:2] in _LOGIN_CLASSES:
        return DatabaseUnavailableError(
            "PostgreSQL refused the login.", hint="Check the user, the password and the database name of the address."
        )
    if state[:2] == "53":
        return DatabaseError("PostgreSQL ran out of memory or disk space.", hint=_NARROW)
    refused = _REFUSED.get(state) or _REFUSED.get(state[:2])
    if refused is not None:
        message, hint = refused
        return QueryFailedError(message, hint=hint)
    return DatabaseError("PostgreSQL could not run this query.", hint="The log has the cause.")


def _cancelled(error: asyncpg.PostgresError) -> DatabaseError:
    # Only an administrator's cancel says so. In another language than English it counts as a time-out.
    if str(error.args[0]).endswith("user request"):
        return DatabaseError("The query was cancelled on the server.", hint="Try again.")
    return QueryTimeoutError("The query ran over its time-out and was cancelled.", hint=_NARROW)

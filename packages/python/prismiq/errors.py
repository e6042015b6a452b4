"""Every error Prismiq raises, in one tree.

    PrismiqError
    ├── ConfigurationError          configuration_invalid    the engine, policy or configuration is set up wrongly
    │   └── EngineNotOpenError      engine_not_open          used before `open()` or after `close()`
    ├── RequestError                request_invalid          the caller can mend it
    │   ├── DefinitionError         definition_invalid       a dashboard is not valid; `.issues` has every reason
    │   │   └── QueryError          query_invalid            a query cannot be planned
    │   ├── NotFoundError           not_found                there is no such thing for this caller
    │   ├── ConflictError           conflict                 something else is there already
    │   │   └── VersionConflictError version_conflict        somebody changed it first; `.current_version` is theirs
    │   ├── PermissionDeniedError   permission_denied        the policy does not grant this operation
    │   ├── ContextError            context_incomplete       the context lacks what the policy needs
    │   ├── GuestTokenError         guest_token_invalid      a guest's token is missing or not accepted
    │   ├── PayloadTooLargeError    payload_too_large        the body is larger than the limit
    │   ├── ResultTooLargeError     result_too_large         the result is larger than the limit
    │   └── QueryTooCostlyError     query_too_costly         PostgreSQL expects it to cost more than is allowed
    └── DatabaseError               database_error           PostgreSQL or the way to it
        ├── DatabaseUnavailableError database_unavailable    not reachable now; try again
        ├── StoreNotReadyError      store_not_ready          the dashboards' tables are missing or old
        ├── BusyError               busy                     no connection became free in time
        ├── QueryTimeoutError       query_timeout            the statement ran over its time-out
        └── QueryFailedError        query_failed             PostgreSQL refused the values of this query

A message names the thing, a hint says the way out, a code never changes. No error carries SQL text, a hidden name or
a value the caller did not send. This module knows nothing of HTTP: `prismiq.api.problems` maps the classes to statuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

Location = tuple[str | int, ...]
"""Where in the caller's input: `("filters", 0, "value")`."""


class IssueCode(str, Enum):
    """The stable code of one reason why a definition cannot be planned."""

    INVALID = "invalid"
    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_OUTPUT = "unknown_output"
    UNKNOWN_OPERATOR = "unknown_operator"
    UNKNOWN_AGGREGATE = "unknown_aggregate"
    UNKNOWN_GRANULARITY = "unknown_granularity"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    AMBIGUOUS_PATH = "ambiguous_path"
    CIRCULAR = "circular"
    DUPLICATE_NAME = "duplicate_name"
    EMPTY_QUERY = "empty_query"
    MIXED_QUERY = "mixed_query"
    INVALID_VALUE = "invalid_value"
    VALUE_OUT_OF_RANGE = "value_out_of_range"
    NULL_VALUE = "null_value"
    TYPE_MISMATCH = "type_mismatch"
    GRAIN_UNREACHABLE = "grain_unreachable"
    KEY_REQUIRED = "key_required"
    INDEPENDENT_BRANCHES = "independent_branches"
    TOO_COMPLEX = "too_complex"


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason why a definition cannot be planned.

    `loc` is the place in the definition, `hint` the way out.
    """

    loc: Location
    code: IssueCode
    message: str
    hint: str | None = None


class PrismiqError(Exception):
    """The root: has a stable `code`, a `message`, and where there is one a `hint` and `details`."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, hint: str | None = None, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: Mapping[str, object] = details or {}
        self.told = False
        """Whether an audit event tells of it."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class ConfigurationError(PrismiqError):
    """The engine, a policy or the configuration is set up wrongly; found at start, not per request."""

    code = "configuration_invalid"


class EngineNotOpenError(ConfigurationError):
    """The engine was used before `await engine.open()` or after `await engine.close()`."""

    code = "engine_not_open"


class RequestError(PrismiqError):
    """What the caller sent cannot be done, and the caller can mend it."""

    code = "request_invalid"


class DefinitionError(RequestError):
    """A stored thing, or what asks for it, is not valid. `issues` has every reason found, each with its place."""

    code = "definition_invalid"

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        first = self.issues[0]
        more = f" (and {len(self.issues) - 1} more)" if len(self.issues) > 1 else ""
        super().__init__(first.message + more, hint=first.hint)


class QueryError(DefinitionError):
    """The definition cannot be planned. `issues` has every reason found, each with its place."""

    code = "query_invalid"


class NotFoundError(RequestError):
    """There is no such thing for this caller; whether it exists for another is not said."""

    code = "not_found"


class ConflictError(RequestError):
    """What is asked for does not go together with what is there."""

    code = "conflict"


class VersionConflictError(ConflictError):
    """Somebody else changed it since the caller read it. Nothing was written."""

    code = "version_conflict"

    def __init__(self, message: str, *, current_version: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, details={"current_version": current_version})
        self.current_version = current_version


class PermissionDeniedError(RequestError):
    """The policy does not grant this operation to the caller."""

    code = "permission_denied"


class ContextError(RequestError):
    """The request context lacks a tenant or an attribute that the policy filters by."""

    code = "context_incomplete"


class GuestTokenError(RequestError):
    """A guest's token is missing or not accepted. Which part of it is wrong is for the log alone."""

    code = "guest_token_invalid"


class PayloadTooLargeError(RequestError):
    """The body is larger than the limit."""

    code = "payload_too_large"


class ResultTooLargeError(RequestError):
    """The result is larger than the limit."""

    code = "result_too_large"


class QueryTooCostlyError(RequestError):
    """PostgreSQL expects the query to cost more than is allowed, so it was not run."""

    code = "query_too_costly"


class DatabaseError(PrismiqError):
    """PostgreSQL, or the way to it, failed."""

    code = "database_error"


class DatabaseUnavailableError(DatabaseError):
    """PostgreSQL cannot be reached now. The engine serves again as soon as it can, without a restart."""

    code = "database_unavailable"
    retry_after: ClassVar[int] = 2


class StoreNotReadyError(DatabaseError):
    """The tables that dashboards are stored in are missing, older than this program, or out of the role's reach."""

    code = "store_not_ready"
    retry_after: ClassVar[int] = 30


class BusyError(DatabaseError):
    """No connection became free in time."""

    code = "busy"
    retry_after: ClassVar[int] = 1


class QueryTimeoutError(DatabaseError):
    """The statement ran over its time-out and was cancelled."""

    code = "query_timeout"


class QueryFailedError(DatabaseError):
    """PostgreSQL refused the values of this query (a broken regular expression, say)."""

    code = "query_failed"

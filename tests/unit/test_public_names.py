"""What `prismiq` exports is a promise: adding a name changes this list, taking one away breaks somebody's code."""

from __future__ import annotations

import inspect
import subprocess
import sys

import prismiq
from prismiq import errors

# fmt: off
NAMES = [
    "AccessPolicy", "Aggregate", "And", "Audit", "AuditEvent", "BusyError", "Calculation", "ColumnSchema", "Comparison", "Condition",
    "ConfigurationError", "ContextError", "DataType", "DatabaseError", "DatabaseSchema", "DatabaseUnavailableError",
    "Dimension", "EngineNotOpenError", "Exists", "Filter", "Granularity", "Issue", "IssueCode", "Join", "JoinPair",
    "Limits", "Mask", "Measure", "Metric", "NamedDimension", "NestedQuery", "Not", "NotFoundError", "Operator", "Or", "OrderBy", "OutputColumn", "Path", "PayloadTooLargeError",
    "ConflictError", "Dashboard", "DashboardStore", "DefinitionError", "MemoryStore", "PostgresStore", "SavedQuery",
    "StoreNotReadyError", "VersionConflictError",
    "PermissionDeniedError", "Pivot", "PrismiqEngine", "PrismiqError", "QueryDefinition", "QueryError", "QueryFailedError",
    "QueryResult", "QueryTimeoutError", "QueryTooCostlyError", "Relationship", "RequestContext", "RequestError",
    "ResultTooLargeError", "RowFilter",
    "GuestGrant", "GuestKey", "GuestToken", "GuestTokenError", "GuestTokens", "MemoryRevocations", "Revocations",
    "SchemaConfiguration", "Settings", "Statement", "TablePolicy", "TableSchema", "Top", "create_router", "guest_context", "public_context",
]
# fmt: on


def test_exported_names() -> None:
    assert sorted(prismiq.__all__) == sorted(NAMES)


def test_every_name_exists_and_is_documented() -> None:
    for name in NAMES:
        thing = getattr(prismiq, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name


def test_every_error_is_exported() -> None:
    own = {name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, Exception)}
    assert own <= set(prismiq.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(prismiq, "no_such_name")


def test_the_web_framework_is_imported_only_for_a_router() -> None:
    asked = (
        "import sys, prismiq; print('fastapi' in sys.modules); prismiq.create_router; print('fastapi' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]

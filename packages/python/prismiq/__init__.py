"""Prismiq: analytics inside the FastAPI application you already have.

    from fastapi import Depends, FastAPI
    from prismiq import AccessPolicy, PrismiqEngine, RequestContext, create_router

    policy = AccessPolicy(tenant_column="tenant_id")
    engine = PrismiqEngine("postgresql://reader@localhost/shop", policy=policy)

    async def get_context(user: User = Depends(current_user)) -> RequestContext:
        return RequestContext(user=user.id, tenant=user.company_id)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine:                            # opens it at start, closes it at the end
            yield

    app = FastAPI(lifespan=lifespan)
    app.include_router(create_router(engine, get_context=get_context), prefix="/analytics")

From Python, without a policy or with a context:

    async with PrismiqEngine("postgresql://reader@localhost/shop") as engine:
        result = await engine.execute_query({"source": "orders", "measures": ["count", "sum(total)"]})
        print(result.to_dicts())

What is named here is the public interface; what is not may change without notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prismiq.access import AccessPolicy, GuestGrant, Limits, Mask, RequestContext, RowFilter, TablePolicy
from prismiq.audit import Audit, AuditEvent
from prismiq.dashboards import Dashboard, DashboardStore, MemoryStore, PostgresStore, SavedQuery
from prismiq.engine import PrismiqEngine
from prismiq.errors import (
    BusyError,
    ConfigurationError,
    ConflictError,
    ContextError,
    DatabaseError,
    DatabaseUnavailableError,
    DefinitionError,
    EngineNotOpenError,
    GuestTokenError,
    Issue,
    IssueCode,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    PrismiqError,
    QueryError,
    QueryFailedError,
    QueryTimeoutError,
    QueryTooCostlyError,
    RequestError,
    ResultTooLargeError,
    StoreNotReadyError,
    VersionConflictError,
)
from prismiq.execution import QueryResult
from prismiq.guests import GuestKey, GuestToken, GuestTokens, MemoryRevocations, Revocations
from prismiq.query import (
    Aggregate,
    And,
    Calculation,
    Comparison,
    Condition,
    Dimension,
    Exists,
    Filter,
    Granularity,
    Join,
    JoinPair,
    Measure,
    Metric,
    NamedDimension,
    NestedQuery,
    Not,
    Operator,
    Or,
    OrderBy,
    Path,
    Pivot,
    QueryDefinition,
    Top,
)
from prismiq.schema import (
    ColumnSchema,
    DatabaseSchema,
    DataType,
    Relationship,
    SchemaConfiguration,
    TableSchema,
)
from prismiq.settings import Settings
from prismiq.sql import OutputColumn, Statement

if TYPE_CHECKING:
    from prismiq.api import create_router, guest_context, public_context

__all__ = [
    "AccessPolicy",
    "Aggregate",
    "And",
    "Audit",
    "AuditEvent",
    "BusyError",
    "Calculation",
    "ColumnSchema",
    "Comparison",
    "Condition",
    "ConfigurationError",
    "ConflictError",
    "ContextError",
    "Dashboard",
    "DashboardStore",
    "DataType",
    "DatabaseError",
    "DatabaseSchema",
    "DatabaseUnavailableError",
    "DefinitionError",
    "Dimension",
    "EngineNotOpenError",
    "Exists",
    "Filter",
    "Granularity",
    "GuestGrant",
    "GuestKey",
    "GuestToken",
    "GuestTokenError",
    "GuestTokens",
    "Issue",
    "IssueCode",
    "Join",
    "JoinPair",
    "Limits",
    "Mask",
    "Measure",
    "MemoryRevocations",
    "MemoryStore",
    "Metric",
    "NamedDimension",
    "NestedQuery",
    "Not",
    "NotFoundError",
    "Operator",
    "Or",
    "OrderBy",
    "OutputColumn",
    "Path",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "Pivot",
    "PostgresStore",
    "PrismiqEngine",
    "PrismiqError",
    "QueryDefinition",
    "QueryError",
    "QueryFailedError",
    "QueryResult",
    "QueryTimeoutError",
    "QueryTooCostlyError",
    "Relationship",
    "RequestContext",
    "RequestError",
    "ResultTooLargeError",
    "Revocations",
    "RowFilter",
    "SavedQuery",
    "SchemaConfiguration",
    "Settings",
    "Statement",
    "StoreNotReadyError",
    "TablePolicy",
    "TableSchema",
    "Top",
    "VersionConflictError",
    "create_router",
    "guest_context",
    "public_context",
]


def __getattr__(name: str) -> Any:
    """Imports FastAPI only where a router is wanted."""
    if name in ("create_router", "guest_context", "public_context"):
        from prismiq import api  # noqa: PLC0415

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

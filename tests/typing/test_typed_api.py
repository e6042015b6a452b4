# pyright: strict
"""What a type checker sees of the public interface. `uv run pyright tests/typing` reads it, pytest runs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from typing_extensions import assert_type

from prismiq import (
    AccessPolicy,
    Aggregate,
    And,
    Condition,
    DatabaseSchema,
    Dimension,
    Granularity,
    Issue,
    Mask,
    Measure,
    Not,
    Operator,
    Or,
    OrderBy,
    OutputColumn,
    Path,
    PrismiqEngine,
    QueryDefinition,
    QueryError,
    QueryResult,
    RequestContext,
    RowFilter,
    SchemaConfiguration,
    Settings,
    Statement,
    TablePolicy,
    create_router,
    public_context,
)

DEFINITION = QueryDefinition(
    source="orders",
    dimensions=(
        "customer.segment",
        Dimension(field="ordered_at", granularity=Granularity.MONTH),
        Path(path=("region",)),
    ),
    measures=(
        "count",
        Measure(
            aggregate=Aggregate.SUM,
            field="total",
            filters=Condition(field="total", operator=Operator.GT, value=Decimal("1.5")),
        ),
    ),
    filters=And(
        and_=(
            Or(
                or_=(
                    Condition(field="due_on", value=date(2025, 4, 15)),
                    Condition(field="due_on", operator=Operator.IS_NULL),
                )
            ),
            Not(not_=Condition(field="status", operator=Operator.IN, value=["draft"])),
        )
    ),
    order_by=("-count", OrderBy(field="region", descending=True)),
    limit=10,
)
POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={
        "orders": TablePolicy(rows=(RowFilter(column="region", attribute="region"),)),
        "customers": TablePolicy(columns={"email": Mask.HIDDEN}),
    },
    sql_visible_to=frozenset({"admin"}),
)
CONTEXT = RequestContext(user="u1", tenant="acme", roles=frozenset({"admin"}), attributes={"region": "EU"})


async def test_the_engine_is_typed(shared_shop_dsn: str) -> None:
    settings = Settings(statement_timeout=10)
    async with PrismiqEngine(
        shared_shop_dsn, policy=POLICY, configuration=SchemaConfiguration(), settings=settings
    ) as engine:
        assert_type(engine, PrismiqEngine)
        result = await engine.execute_query(DEFINITION, CONTEXT)
        assert_type(result, QueryResult)
        assert_type(result.columns, tuple[OutputColumn, ...])
        assert_type(result.rows, list[tuple[Any, ...]])
        assert_type(result.to_dicts(), list[dict[str, Any]])
        assert_type(result.truncated, bool)
        assert result.row_count > 0

        statement = await engine.compile_query(DEFINITION, CONTEXT)
        assert_type(statement, Statement)
        assert_type(statement.args, tuple[object, ...])
        assert "EU" in statement.args

        assert_type(await engine.validate_query({"source": "orders", "measures": ["count"]}, CONTEXT), list[Issue])
        assert_type(await engine.get_schema(CONTEXT), DatabaseSchema)
        assert_type(await engine.get_column_values("orders", "status", context=CONTEXT), QueryResult)


async def test_errors_are_typed(shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        try:
            await engine.execute_query('{"source": "ordres", "measures": ["count"]}')
        except QueryError as error:
            assert_type(error.issues, tuple[Issue, ...])
            issues: Sequence[Issue] = error.issues
            assert [issue.code.value for issue in issues] == ["unknown_table"]
        else:
            raise AssertionError("a table that is not there was found")


def test_the_router_is_typed() -> None:
    router = create_router(
        PrismiqEngine("postgresql://localhost/any", policy=AccessPolicy.open()), get_context=public_context
    )
    assert_type(router, APIRouter)
    assert router.routes

"""What is said of a policy that fits a schema and is not meant so."""

from __future__ import annotations

import pytest

from prismiq.access import AccessPolicy
from prismiq.execution import Database
from prismiq.schema import SchemaConfiguration
from prismiq.schema.models import DatabaseSchema
from prismiq.schema_reader import SchemaReader
from unit.schemas import SHOP


@pytest.mark.parametrize(
    ("tenant_column", "said"),
    [
        (
            "customer_idd",
            ['No table has the tenant column "customer_idd" (did you mean "customer_id"?): most are invisible.'],
        ),
        ("customer_id", []),
        (None, []),
    ],
)
def test_a_tenant_column_that_no_table_has(
    tenant_column: str | None, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    policy = AccessPolicy(tenant_column=tenant_column)
    reader = SchemaReader(Database(dsn="postgresql://nowhere"), SchemaConfiguration(), policy)
    reader.configured(SHOP)
    reader.configured(DatabaseSchema(tables=()))  # nothing is there yet
    assert caplog.messages == said

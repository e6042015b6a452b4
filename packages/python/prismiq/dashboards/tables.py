"""The store's tables, as the newest migration leaves them. All are in PostgreSQL's schema `prismiq`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSON, UUID

from prismiq.dashboards.records import Kind

SCHEMA = "prismiq"

REVISION = "0001"
"""The migration that this program needs. A later one is fine: migrations only add to what is there."""

_metadata = MetaData(schema=SCHEMA)


def _records(name: str) -> Table:
    return Table(
        name,
        _metadata,
        Column("id", UUID(as_uuid=True), primary_key=True),
        Column("tenant", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("slug", Text, nullable=False),
        Column("title", Text, nullable=False),
        Column("description", Text, nullable=False),
        Column("tags", ARRAY(Text), nullable=False),
        # Whom it is shared with. Who may edit is among those who may view.
        Column("tenant_access", Text),
        Column("view_roles", ARRAY(Text), nullable=False),
        Column("edit_roles", ARRAY(Text), nullable=False),
        Column("view_users", ARRAY(Text), nullable=False),
        Column("edit_users", ARRAY(Text), nullable=False),
        Column("content", JSON, nullable=False),  # not jsonb, which would lose the order of keys
        Column("version", BigInteger, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("updated_by", Text, nullable=False),
    )


RECORDS = {Kind.DASHBOARD: _records("dashboards"), Kind.SAVED_QUERY: _records("saved_queries")}

PINS = Table(
    "pins",
    _metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("dashboard_id", UUID(as_uuid=True), nullable=False),
    Column("widget", Text, nullable=False),  # empty for the whole dashboard
    Column("position", Integer, nullable=False),
)

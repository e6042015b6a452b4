"""Dashboards, saved queries and pins.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SCHEMA = "prismiq"


def upgrade() -> None:
    """Makes the tables."""
    for name in ("dashboards", "saved_queries"):
        texts = [f"{kind}_{who}" for who in ("roles", "users") for kind in ("view", "edit")]
        op.create_table(
            name,
            sa.Column("id", postgresql.UUID(), primary_key=True),
            sa.Column("tenant", sa.Text(), nullable=False),
            sa.Column("owner", sa.Text(), nullable=False),
            sa.Column("slug", sa.Text(), nullable=False),
            sa.Column("title", sa.Text(), nullable=False),
            sa.Column("description", sa.Text(), nullable=False),
            sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
            sa.Column("tenant_access", sa.Text()),
            *(sa.Column(each, postgresql.ARRAY(sa.Text()), nullable=False) for each in texts),
            sa.Column("content", postgresql.JSON(), nullable=False),
            sa.Column("version", sa.BigInteger(), nullable=False),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("updated_by", sa.Text(), nullable=False),
            sa.UniqueConstraint("tenant", "owner", "slug", name=f"{name}_slug"),
            sa.CheckConstraint("tenant_access IN ('view', 'edit')", name=f"{name}_tenant_access"),
            schema=_SCHEMA,
        )
    op.create_table(
        "pins",
        sa.Column("id", postgresql.UUID(), primary_key=True),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column(
            "dashboard_id",
            postgresql.UUID(),
            sa.ForeignKey(f"{_SCHEMA}.dashboards.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("widget", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("tenant", "owner", "context", "dashboard_id", "widget", name="pins_once"),
        schema=_SCHEMA,
    )


def downgrade() -> None:
    """Drops the tables with all that is stored in them."""
    for name in ("pins", "saved_queries", "dashboards"):
        op.drop_table(name, schema=_SCHEMA)

"""What PostgreSQL's statistics say of columns. Read when it is asked for, and kept as long as the schema."""

from __future__ import annotations

import logging
from collections.abc import Collection
from time import monotonic
from typing import Any

from prismiq.access.caller import Caller
from prismiq.errors import BusyError, DatabaseUnavailableError, PrismiqError
from prismiq.execution.database import Database
from prismiq.plan.group_counts import ColumnStatistics, Statistics
from prismiq.schema.models import TableRef

logger = logging.getLogger(__name__)

COLUMNS = """
    SELECT schemaname, tablename, attname,
        (CASE WHEN n_distinct < 0 THEN -n_distinct * greatest(reltuples, 1) ELSE n_distinct END)::float8 AS count,
        CASE WHEN last - first < 'Infinity' THEN last - first END AS seconds
    FROM (
        SELECT s.schemaname, s.tablename, s.attname, s.n_distinct, c.reltuples,
            CASE kind
                WHEN 'date'::regtype THEN extract(epoch FROM bounds[1]::date)
                WHEN 'timestamp'::regtype THEN extract(epoch FROM bounds[1]::timestamp)
                WHEN 'timestamptz'::regtype THEN extract(epoch FROM bounds[1]::timestamptz)
            END::float8 AS first,
            CASE kind
                WHEN 'date'::regtype THEN extract(epoch FROM bounds[cardinality(bounds)]::date)
                WHEN 'timestamp'::regtype THEN extract(epoch FROM bounds[cardinality(bounds)]::timestamp)
                WHEN 'timestamptz'::regtype THEN extract(epoch FROM bounds[cardinality(bounds)]::timestamptz)
            END::float8 AS last
        FROM unnest($1::text[], $2::text[]) AS wanted(schema, name)
        JOIN pg_stats s ON s.schemaname = wanted.schema AND s.tablename = wanted.name
        JOIN pg_namespace n ON n.nspname = s.schemaname
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
        CROSS JOIN LATERAL (
            SELECT s.histogram_bounds::text::text[] AS bounds, a.atttypid::regtype AS kind
        ) AS read
        ORDER BY s.inherited
    ) AS columns
"""
"""Hand-written, since it reads the catalog. A table that others inherit from has two lines; the last is of all."""


class ColumnsStatistics:
    """The statistics of tables, read as `caller`, who sees those of the columns that it may read."""

    def __init__(self, database: Database, caller: Caller, *, ttl: float) -> None:
        self._database = database
        self._caller = caller
        self._ttl = ttl
        self._read: dict[TableRef, float] = {}
        self._kept: dict[tuple[TableRef, str], ColumnStatistics] = {}

    async def of(self, tables: Collection[TableRef]) -> Statistics:
        """What is known of the tables' columns; nothing where it cannot be read."""
        now = monotonic()
        stale = [table for table in tables if self._read.get(table, -self._ttl) + self._ttl <= now]
        if stale:
            try:
                async with self._database.connection(self._caller) as connection:
                    found = await connection.fetch(
                        COLUMNS, [table.schema for table in stale], [table.name for table in stale]
                    )
            except (BusyError, DatabaseUnavailableError):
                return self._kept
            except PrismiqError as error:  # it would be the same the next time
                logger.warning("Statistics of columns cannot be read: %s", error)
                found: list[Any] = []
            for schema, name, column, distinct, seconds in found:
                self._kept[TableRef(schema, name), column] = ColumnStatistics(distinct, seconds)
            self._read.update(dict.fromkeys(stale, now))
        return self._kept

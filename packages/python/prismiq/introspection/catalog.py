"""PostgreSQL's catalog as a `DatabaseSchema`: one statement, one row, one document.

catalog.sql collects the facts, document.py says their shape, column_types.py reads the types, and here is
decided what the constraints prove:

- A key or foreign key with a column that the role may not read is left out whole, never used over fewer.
- A table with (classic) inheritance children has no key: its constraints do not bind the children's rows,
  which it shows too. For the same reason no foreign key leads to it, and its NOT NULLs prove nothing. Where a
  key does hold, the configuration can declare it.
- Nothing holds a foreign table to its NOT NULLs, nor a view's column to its domain's: outer joins make nulls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import orjson

from prismiq.introspection.column_types import column_type
from prismiq.introspection.document import ColumnFacts, Document, TableFacts
from prismiq.schema.models import ColumnSchema, DatabaseSchema, ForeignKey, TableKind, TableRef, TableSchema


class Connection(Protocol):
    """What is asked of an asyncpg connection, pooled or not."""

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Runs the query and returns its first value."""
        ...


async def introspect(connection: Connection, schemas: Sequence[str] | None = None) -> DatabaseSchema:
    """Reads all that the connected role may SELECT from, in one statement that locks no table.

    `schemas` are the PostgreSQL schemas to read; None is every one but PostgreSQL's own.

    Returns the bare facts, sorted by name: foreign keys but no `relationships`, and no `version`; both come
    with `prismiq.schema.apply`. Row estimates, and sizes in bytes (table, TOAST and indexes), are those of the
    last VACUUM or ANALYZE, and None where there was none.

    Raises what asyncpg raises.
    """
    text: str = await connection.fetchval(_statement(), None if schemas is None else list(schemas))
    # A large catalog is some 100 ms of Python; in a thread the event loop keeps its turns.
    return await asyncio.to_thread(_read, text)


@cache
def _statement() -> str:
    return files("prismiq.introspection").joinpath("catalog.sql").read_text(encoding="utf-8")


def _read(text: str) -> DatabaseSchema:
    document: Document = orjson.loads(text)
    reader = _Reader(document)
    tables = (reader.table(facts) for facts in document["tables"] or ())
    return DatabaseSchema(
        tables=tuple(sorted(tables, key=lambda table: table.ref)),
        default_schema=document["default_schema"],
        hll_schema=document["hll_schema"],
    )


_KINDS = {
    "r": TableKind.TABLE,
    "p": TableKind.PARTITIONED_TABLE,
    "v": TableKind.VIEW,
    "m": TableKind.MATERIALIZED_VIEW,
    "f": TableKind.FOREIGN_TABLE,
}


class _Reader:
    """Resolves the document's numbers into names."""

    def __init__(self, document: Document) -> None:
        types = document["types"] or {}
        self._types = {key: column_type(facts) for key, facts in types.items()}
        self._not_null_types = {key for key, facts in types.items() if facts["not_null"]}
        self._estimates = document["estimates"] or {}
        self._tables = {facts["oid"]: facts for facts in document["tables"] or ()}
        self._names = {
            oid: {column["number"]: column["name"] for column in facts["columns"] or ()}
            for oid, facts in self._tables.items()
        }

    def table(self, facts: TableFacts) -> TableSchema:
        names = self._names[facts["oid"]]
        primary_key = None
        unique: set[tuple[str, ...]] = set()
        for key in facts["keys"] or ():
            columns = _named(key["columns"], names)
            if columns is None or facts["has_children"]:
                continue
            if key["primary"]:
                primary_key = columns
            else:
                unique.add(columns)
        rows, size = self._estimates.get(str(facts["oid"]), (None, None))
        return TableSchema(
            schema_name=facts["schema"],
            name=facts["name"],
            kind=_KINDS[facts["kind"]],
            columns=tuple(self._column(column, facts) for column in facts["columns"] or ()),
            primary_key=primary_key,
            unique=tuple(sorted(unique)),
            foreign_keys=tuple(self._foreign_keys(facts, names)),
            row_estimate=rows,
            size_bytes=None if facts["kind"] == "f" else size,
            description=facts["comment"],
        )

    def _column(self, facts: ColumnFacts, table: TableFacts) -> ColumnSchema:
        bound = table["kind"] in ("r", "p") and not table["has_children"]
        declared = facts["not_null"] and facts["number"] not in (table["unproven_not_null"] or ())
        return ColumnSchema(
            name=facts["name"],
            collation=facts["collation"],
            nullable=not (bound and (declared or facts["type"] in self._not_null_types)),
            default=facts["default"],
            generated=facts["generated"],
            identity=facts["identity"],
            description=facts["comment"],
            **self._types[facts["type"]],
        )

    def _foreign_keys(self, facts: TableFacts, names: Mapping[int, str]) -> Iterable[ForeignKey]:
        for key in sorted(facts["foreign_keys"] or (), key=lambda key: key["constraint"]):
            target = self._tables.get(key["target"])
            if target is None or target["has_children"]:
                continue
            columns = _named(key["columns"], names)
            target_columns = _named(key["target_columns"], self._names[key["target"]])
            if columns is None or target_columns is None:
                continue
            # What is unique by the one collation is not by another: the key would find several rows.
            if _collations(key["columns"], facts) == _collations(key["target_columns"], target):
                yield ForeignKey(
                    constraint=key["constraint"],
                    columns=columns,
                    target=TableRef(target["schema"], target["name"]),
                    target_columns=target_columns,
                )


def _collations(numbers: Sequence[int], table: TableFacts) -> list[str | None]:
    by_number = {column["number"]: column["collation"] for column in table["columns"] or ()}
    return [by_number[number] for number in numbers]


def _named(numbers: Sequence[int], names: Mapping[int, str]) -> tuple[str, ...] | None:
    """The columns' names; None where the role may not read one of them."""
    return tuple(names[number] for number in numbers) if all(number in names for number in numbers) else None

"""Random worlds: a few related tables and rows for them, written as plain data.

They hold what goes wrong elsewhere: trees and diamonds, two keys between the same tables, references to oneself,
composite keys, one-to-one keys, tables without a key, null keys, parents without children, equal rows, null groups,
decimals of twenty digits, text with wildcards and quotes, moments around clock changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

SCHEMA = "world"
TEXTS = ("a", "b", "A", "100%", "x_y", "it's", "back\\slash", "", "ü")
DECIMALS = tuple(
    Decimal(text)
    for text in ("0", "1", "1.50", "-2.25", "50.1", "12345678901234567890.12345", "-0.00001", "99999999999999999999")
)
WALL_TIMES = tuple(
    datetime.fromisoformat(text)
    for text in ("2025-03-30T02:30:00", "2025-10-26T02:30:00", "2025-03-31T23:59:59.999999", "2025-03-31T00:00:00")
)
MOMENTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    for text in (
        "2025-03-30T00:59:59",  # Berlin: the second before the clock is put forward
        "2025-03-30T01:00:00",
        "2025-10-26T00:30:00",  # Berlin: half past two, for the first time
        "2025-10-26T01:30:00",  # and for the second
        "2025-03-29T22:00:00",  # Beirut: a day without a midnight begins
        "2025-11-02T05:30:00",  # Havana: half past midnight, for the second time
        "2025-12-31T23:30:00",
        "2025-04-05T15:10:00",  # Lord Howe: ten minutes after the clock is put back by half an hour
        "2025-10-04T15:30:00",  # and when it is put forward
        "2024-02-29T12:00:00",
    )
)
DATES = (date(2024, 2, 29), date(2025, 3, 30), date(2025, 3, 31), date(2025, 12, 31), date(2026, 1, 1))
VALUES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "t": ("text", TEXTS),
    "n": ("numeric(30,5)", DECIMALS),
    "i": ("integer", (0, 1, 2, 3, -5, 2147483647)),
    "b": ("boolean", (True, False)),
    "d": ("date", DATES),
    "m": ("timestamptz", MOMENTS),
    "w": ("timestamp", WALL_TIMES),
    "s": ("timestamp", WALL_TIMES),
}
"""The columns that every table has besides its keys: their types and values, each of them nullable."""


STORED_IN = ZoneInfo("Europe/Berlin")
"""Whose wall time the column `s` holds, by the configuration."""


def meant(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the instant that `s` means. An hour that the clock shows twice means its second time."""
    wall: datetime | None = row["s"]
    if wall is None:
        return row
    first, second = (wall.replace(tzinfo=STORED_IN, fold=fold) for fold in (0, 1))
    shown_twice = second.utcoffset() < first.utcoffset()  # type: ignore[operator]  # a zone's offset is never None
    return row | {"s": (second if shown_twice else first).astimezone(timezone.utc)}


@dataclass(frozen=True)
class Link:
    """A foreign key of a table: its columns in the key's order, and whether each parent has at most one child."""

    columns: tuple[str, ...]
    target: str
    unique: bool


@dataclass(frozen=True)
class Table:
    """A table whose `key` other tables refer to: one column, two columns, or none.

    `constraint` says how it is declared. Nullable unique columns can be referred to, but are no key.
    """

    name: str
    key: tuple[str, ...]
    constraint: str
    links: tuple[Link, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        linked = tuple(dict.fromkeys(name for link in self.links for name in link.columns))
        return (*self.key, *(name for name in linked if name not in self.key), *VALUES)


@dataclass(frozen=True)
class World:
    """Tables and their rows."""

    tables: tuple[Table, ...]
    rows: dict[str, list[dict[str, Any]]]

    def ddl(self) -> str:
        statements = [f"CREATE SCHEMA {SCHEMA}"]
        for table in self.tables:
            required = " NOT NULL" if table.constraint == "UNIQUE NOT NULL" else ""
            types = [f"{name} integer{required}" for name in table.key]
            types += [
                f"{name} {VALUES[name][0] if name in VALUES else 'integer'}" for name in table.columns[len(types) :]
            ]
            declared = "PRIMARY KEY" if table.constraint == "PRIMARY KEY" else "UNIQUE"
            constraints = [f"{declared} ({', '.join(table.key)})"] if table.key else []
            constraints += [f"UNIQUE ({', '.join(link.columns)})" for link in table.links if link.unique]
            statements.append(f"CREATE TABLE {SCHEMA}.{table.name} ({', '.join(types + constraints)})")
        by_name = {table.name: table for table in self.tables}
        statements += [
            f"ALTER TABLE {SCHEMA}.{table.name} ADD FOREIGN KEY ({', '.join(link.columns)}) "
            f"REFERENCES {SCHEMA}.{link.target} ({', '.join(by_name[link.target].key)})"
            for table in self.tables
            for link in table.links
        ]
        return ";\n".join(statements)


_KINDS = {
    "plain": (("id",), "PRIMARY KEY"),
    "composite": (("k1", "k2"), "PRIMARY KEY"),
    "unique": (("id",), "UNIQUE NOT NULL"),
    "nullable": (("id",), "UNIQUE"),
    "keyless": ((), ""),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, ...]:
    """Two to five tables, each but the first linked to earlier ones, some to themselves."""
    made: list[Table] = []
    for number in range(draw(st.integers(2, 5))):
        kinds = ["plain", "plain", "plain", "composite", "unique", "nullable", *(["keyless"] if number else [])]
        key, constraint = _KINDS[draw(st.sampled_from(kinds))]
        targets = [table for table in made if table.key]
        links: list[Link] = []
        for position in range(draw(st.integers(1, 2)) if targets else 0):
            target = draw(st.sampled_from(targets))
            links.append(_link(target, position, unique=draw(st.integers(0, 4)) == 0))
        if key == ("id",) and draw(st.integers(0, 4)) == 0:
            links.append(Link(("self_id",), f"t{number}", unique=False))
        made.append(Table(f"t{number}", key, constraint, tuple(links)))
    return tuple(made)


def _link(target: Table, position: int, *, unique: bool) -> Link:
    prefix = f"{target.name}{'xy'[position]}"
    columns = tuple(f"{prefix}_{name}" for name in target.key)
    return Link(columns, target.name, unique)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Tables with up to seven rows each; links lead to rows that are there, or are null."""
    made = draw(tables())
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in made:
        rows[table.name] = []
        taken: set[tuple[Link, tuple[Any, ...]]] = set()
        for number in range(draw(st.sampled_from([0, 1, 2, 4, *[5, 6, 7] * 3]))):
            row: dict[str, Any] = {"id": number + 1, "k1": number % 2, "k2": number // 2}
            row = {name: row[name] for name in table.key}
            if table.constraint == "UNIQUE" and draw(st.integers(0, 3)) == 0:
                row["id"] = None
            for link in table.links:
                parents = rows[link.target]
                names = [name for other in made if other.name == link.target for name in other.key]
                parent = draw(st.sampled_from([None, *parents])) if parents else None
                found = tuple(None if parent is None else parent[name] for name in names)
                if len(names) > 1 and draw(st.integers(0, 5)) == 0:
                    found = (None, *found[1:])  # refers to nothing, though part of it is there
                if link.unique and (link, found) in taken:
                    found = tuple(None for _ in names)
                taken.add((link, found))
                row |= dict(zip(link.columns, found, strict=True))
            for name, (_, values) in VALUES.items():
                row[name] = draw(st.sampled_from([None, *values[: draw(st.integers(2, len(values)))]]))
            rows[table.name].append(row)
    return World(made, rows)

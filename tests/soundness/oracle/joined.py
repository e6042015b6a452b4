"""The joined rows that a source, its relationships and explicit joins define: the first step of what a query means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prismiq.query import Join
from prismiq.query.fields import segments
from prismiq.schema.models import DatabaseSchema, TableRef, TableSchema
from soundness.oracle.stages import TooManyRowsError

Row = dict[str, Any]
Path = tuple[str, ...]
Joined = dict[Path, Row | None]
"""One joined row: for each path the row that is there, or None where a LEFT JOIN found none."""
TOO_MANY = 3_000


@dataclass(frozen=True)
class Step:
    """How the rows of a path are found: those whose columns `right` equal what is at `left`."""

    left: tuple[tuple[Path, str], ...]
    right: tuple[str, ...]
    table: TableSchema
    rows: Sequence[Row]
    to_one: bool
    from_one: bool
    inner: bool = False

    @property
    def needs(self) -> set[Path]:
        return {path for path, _ in self.left}

    def matches(self, joined: Joined) -> Sequence[Row | None]:
        """The rows found for a joined row; where there is none, one without, or with an inner join none at all."""
        wanted = [_value(joined, path, name) for path, name in self.left]
        found = [] if None in wanted else [row for row in self.rows if [row[name] for name in self.right] == wanted]
        return found or ([] if self.inner else [None])


class Ground:
    """A source, and what its paths lead to. `joins` are the explicit ones by their alias."""

    def __init__(
        self,
        schema: DatabaseSchema,
        data: Mapping[TableRef, Sequence[Row]],
        source: TableSchema,
        rows: Sequence[Row] | None = None,
    ) -> None:
        self.schema = schema
        self.data = data
        self.source = source
        self.rows = data[source.ref] if rows is None else rows
        self.joins: dict[Path, Step] = {}

    def add(self, join: Join, table: TableSchema, rows: Sequence[Row]) -> None:
        """An explicit join. How many rows it finds follows from what is unique on either side."""
        left = tuple((segments(pair.left)[:-1], segments(pair.left)[-1]) for pair in join.on)
        right = tuple(pair.right for pair in join.on)
        (parent, *others) = {path for path, _ in left}
        from_one = not others and _unique(self.table(parent), {name for _, name in left})
        step = Step(left, right, table, rows, _unique(table, right), from_one, join.type == "inner")
        self.joins[(str(join.alias),)] = step

    def related(self, path: Path) -> Ground:
        """The ground of a condition on the rows that a path leads to."""
        return Ground(self.schema, self.data, self.table(path))

    def joined(self, rows: Sequence[Row], paths: Iterable[Path]) -> list[Joined]:
        """Every combination of the rows with those that the paths find."""
        joined: list[Joined] = [{(): row} for row in rows]
        for path in self.closed(paths):
            if path:
                step = self.step(path)
                joined = [{**each, path: match} for each in joined for match in step.matches(each)]
            if len(joined) > TOO_MANY:
                raise TooManyRowsError
        return joined

    def step(self, path: Path) -> Step:
        """The last step of a path, which has one at least."""
        if path in self.joins:
            return self.joins[path]
        above = path[:-1]
        table = self.table(above)
        known = table.relationship(path[-1])
        assert known is not None, f"{table.name} has no relationship {path[-1]}"
        left = tuple((above, name) for name in known.columns)
        rows = self.data[known.target]
        target = self.schema.by_ref[known.target]
        return Step(left, known.target_columns, target, rows, known.to_one, known.from_one)

    def table(self, path: Path) -> TableSchema:
        return self.step(path).table if path else self.source

    def closed(self, paths: Iterable[Path]) -> list[Path]:
        """The paths with all on the way to them, the source's own first, each after what it needs."""
        depths: dict[Path, int] = {(): 0}

        def depth(path: Path) -> int:
            if path not in depths:
                depths[path] = 1 + max(depth(need) for need in self.step(path).needs)
            return depths[path]

        for path in paths:
            depth(path)
        return sorted(depths, key=lambda path: (depths[path], path))

    def to_one(self, start: Path, target: Path) -> bool:
        """Whether a row at `start` has at most one row at `target`, by what is unique."""
        return self.follows(target, start)

    def follows(self, target: Path, *starts: Path) -> bool:
        """Whether rows at all of `starts` have together at most one row at `target`."""
        found = set(starts)
        among = [path for path in self.closed({*starts, target}) if path]
        for _ in among:  # each time round finds one more at least, if there is any
            for path in among:
                step = self.step(path)
                if path in found and step.from_one:
                    found |= step.needs
                elif step.to_one and step.needs <= found:
                    found.add(path)
        return target in found


def _unique(table: TableSchema, columns: Collection[str]) -> bool:
    """Whether no two rows are equal in all of the columns; null equals nothing."""
    keys = [key for key in (table.primary_key, table.declared_key, *table.unique) if key is not None]
    return any(set(key) <= set(columns) for key in keys)


def _value(joined: Joined, path: Path, name: str) -> Any:
    row = joined[path]
    return None if row is None else row[name]

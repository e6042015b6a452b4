"""An answer: its rows in their order, in runs of those that are equal in all that they are sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prismiq.query.definition import OrderBy, QueryDefinition

Run = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Answer:
    """The result in its order. Within a run, rows are equal in all that `order_by` names; a key orders them.

    `exact` says of each column whether every digit counts; averages and their like have as many as they are given, and
    what is computed from them may have none (None).
    """

    columns: list[str]
    exact: list[bool | None]
    runs: list[Run]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return [row for run in self.runs for row in run]


def order_of(definition: QueryDefinition) -> list[OrderBy]:
    return [each for each in definition.order_by if isinstance(each, OrderBy)]


def sorted_runs(rows: list[tuple[list[Any], tuple[Any, ...]]], descending: list[bool]) -> list[Run]:
    """Rows sorted by their keys, nulls last both ways; those with equal keys in one run."""
    for place in reversed(range(len(rows[0][0]) if rows else 0)):
        there = [row for row in rows if row[0][place] is not None]
        there.sort(key=lambda row: _comparable(row[0][place]), reverse=descending[place])
        rows = there + [row for row in rows if row[0][place] is None]
    runs: list[Run] = []
    last: list[Any] | None = None
    for keys, row in rows:
        if keys != last:
            runs.append([])
        runs[-1].append(row)
        last = keys
    return runs


def _comparable(value: Any) -> Any:
    """A value as Python can sort it: in an array a null is greater than all else."""
    return [(item is None, 0 if item is None else item) for item in value] if isinstance(value, list) else value

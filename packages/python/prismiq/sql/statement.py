"""What leaves the compiler: SQL text with `$n` placeholders, and what a result of it looks like."""

from __future__ import annotations

from dataclasses import dataclass

from prismiq.plan.outputs import OutputColumn, Role

__all__ = ["OutputColumn", "Role", "Statement"]


@dataclass(frozen=True, slots=True)
class TotalRows:
    """Rows of totals follow the others: `column` is the place of what tells them, 0 in no total. Of them, too, the row
    beyond `row_cap` only says that more existed."""

    column: int
    row_cap: int


@dataclass(frozen=True, slots=True)
class Pivoting:
    """Rows are the cells of a pivot, in its order, and have two values more than columns: the ranks of their row and of
    their column. The other fields are places, and the page of the rows that the cells make. A cell beyond `row_cap`
    only says that there are too many."""

    dimension: int
    values: tuple[int, ...]
    flag: int | None
    other: str | None
    """The label of the values that `top` left over."""
    row_cap: int
    limit: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Copying:
    """The rows are for COPY to write, as CSV. What begins with the mark is to be finished.

    In nearly JSON the columns at `quoted` are always quoted, and a last one holds the mark."""

    mark: str
    quoted: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement, ready to run: `sql` holds `$1`…`$n` for `args`, `columns` describe the rows it returns.

    `row_cap` is set when the engine's row cap, not the query's own limit, bounds the result: a row beyond it only says
    that more existed.
    """

    sql: str
    args: tuple[object, ...]
    columns: tuple[OutputColumn, ...]
    row_cap: int | None = None
    time_zone: str = "UTC"
    warnings: tuple[str, ...] = ()
    totals: TotalRows | None = None
    pivot: Pivoting | None = None
    copying: Copying | None = None

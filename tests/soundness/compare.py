"""Whether rows are those that an answer of the oracle expects."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal, localcontext
from typing import Any

from soundness.oracle.answers import Answer


def assert_same(found: list[tuple[Any, ...]], expected: Answer, told: str) -> None:
    """The rows are those expected, in their order as far as the question asked for one."""
    assert len(found) == len(expected.rows), f"{found} is not {expected.rows}\n{told}"
    position = 0
    for run in expected.runs:
        part = found[position : position + len(run)]
        position += len(run)
        assert Counter(map(_hashable, part)) == Counter(map(_hashable, run)) or _alike(part, run, expected.exact), (
            f"{part} is not {run}\n{told}"
        )


def _hashable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


def _alike(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]], exact: list[bool]) -> bool:
    return len(found) == 1 and all(map(_equal, found[0], expected[0], exact))


def _equal(a: Any, b: Any, exact: bool | None) -> bool:
    """Equal; averages and deviations as far as numeric's scale goes, doubles as far as they do."""
    if exact or a is None or b is None:
        return a == b
    if exact is None:
        return True
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-9)
    with localcontext() as context:
        context.prec = 60
        return abs(a - b) <= max(abs(a) * Decimal("1e-14"), Decimal("1e-14"))

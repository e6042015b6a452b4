"""The 22 queries of TPC-H, one folder each: `query.json`, the `statement.sql` it becomes, the standard's `reference.sql`.

The statement answers what the reference answers, digit for digit, and what DuckDB publishes. After a change to the
planner, `PRISMIQ_UPDATE_CASES=1 uv run pytest tests/tpch` writes the statements anew; read the difference.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tpch.conftest import SCALE
from tpch.data import QUERIES, answer, number_of, statement_of

UPDATE = os.environ.get("PRISMIQ_UPDATE_CASES") == "1"
BREAKS = re.compile(r"\s+(?<!\(year )(FROM|(?:LEFT OUTER )?JOIN|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|UNION ALL)\b")


@pytest.mark.parametrize("folder", QUERIES, ids=lambda path: path.name)
async def test_query(folder: Path, tpch_dsn: str) -> None:
    connection = await asyncpg.connect(tpch_dsn)
    try:
        statement = await statement_of(folder, connection)
        rows = await connection.fetch(statement.sql, *statement.args)
        reference = await connection.fetch((folder / "reference.sql").read_text())
    finally:
        await connection.close()
    assert reference, "the reference finds something"
    assert set(rows[0].keys()) == set(reference[0].keys())
    ours = [tuple(row[name] for name in reference[0].keys()) for row in rows]  # noqa: SIM118  a Record iterates values
    assert ours == [tuple(row) for row in reference]
    published = answer(number_of(folder), SCALE)
    assert len(ours) == len(published)
    for row, expected in zip(ours, published, strict=True):
        assert _same_row(row, expected), f"{row} is not {expected}"
    path = folder / "statement.sql"
    text = BREAKS.sub(lambda found: f"\n{found[1]}", statement.sql).strip() + "\n"
    if UPDATE:
        path.write_text(text)
    assert path.read_text() == text


def _same_row(row: Sequence[Any], expected: Sequence[str]) -> bool:
    return len(row) == len(expected) and all(map(_same, row, expected))


def _same(value: Any, text: str) -> bool:
    """Averages and quotients are published as doubles; everything else is exact."""
    if isinstance(value, Decimal | int):
        return Decimal(text) == value or ("." in text and math.isclose(value, float(text), rel_tol=1e-12))
    return text == (value.isoformat() if isinstance(value, date) else value)

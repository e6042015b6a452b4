"""One folder a behaviour: `query.json`, the `plan.txt` and `statement.sql` it becomes, and a hand-written `oracle.sql`.

The statement and the oracle must give the same rows in the same order over the shop database. After a change to the
planner, `PRISMIQ_UPDATE_CASES=1 uv run pytest tests/cases` writes plans and statements anew; read the difference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import asyncpg
import pytest

from prismiq.access import AccessPolicy, RequestContext, scope
from prismiq.introspection import introspect
from prismiq.plan import plan, render
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema import apply
from prismiq.sql import build

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/query.json"))
UPDATE = os.environ.get("PRISMIQ_UPDATE_CASES") == "1"
BREAKS = re.compile(r"\s*\b(FROM|LEFT OUTER JOIN|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|UNION ALL)\b")


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
async def test_case(folder: Path, shop_dsn: str) -> None:
    definition = QueryDefinition.model_validate_json((folder / "query.json").read_text())
    policy, context = _access(folder)
    connection = await asyncpg.connect(shop_dsn)
    try:
        scoped = scope(apply(await introspect(connection)), policy, context)
        shape, values = split(definition)
        planned = plan(shape, scoped)
        statement = build(planned).bind(values, context, row_cap=1000)
        expected = await connection.fetch((folder / "oracle.sql").read_text())
        naive = build(plan(shape, scoped, frozenset())).bind(values, context, row_cap=1000)
        rows = [tuple(row) for row in await connection.fetch(statement.sql, *statement.args)]
        naive_rows = [tuple(row) for row in await connection.fetch(naive.sql, *naive.args)]
    finally:
        await connection.close()
    assert rows == [tuple(row) for row in expected]
    assert naive_rows == rows, "without its optimisations the plan gives another answer"
    _same(folder / "plan.txt", render(planned) + "\n")
    _same(folder / "statement.sql", BREAKS.sub(lambda found: f"\n{found[1]}", statement.sql).strip() + "\n")


def _access(folder: Path) -> tuple[AccessPolicy | None, RequestContext | None]:
    if not (folder / "policy.json").exists():
        return None, None
    policy = AccessPolicy.model_validate(json.loads((folder / "policy.json").read_text()))
    return policy, RequestContext.model_validate(json.loads((folder / "context.json").read_text()))


def _same(path: Path, text: str) -> None:
    if UPDATE:
        path.write_text(text)
    assert path.read_text() == text

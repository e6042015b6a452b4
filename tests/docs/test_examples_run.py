"""The queries in the documentation run against the demo's flights, and give the tables shown below them.

A ```json block is a definition; ```json error=<code> is one that is refused with that code. A ```text block right after
holds the result: `PRISMIQ_UPDATE_DOCS=1 uv run pytest tests/docs` writes them anew; read the difference.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from prismiq import PrismiqEngine, QueryError, QueryResult

DOCS = Path(__file__).parents[2] / "packages/docs"
PAGES = [DOCS.parents[1] / "README.md", DOCS / "queries.md", DOCS / "errors.md"]
UPDATE = os.environ.get("PRISMIQ_UPDATE_DOCS") == "1"
BLOCK = re.compile(r"```json(?: error=(\w+))?\n(.*?)\n```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


@dataclass(frozen=True)
class Example:
    page: Path
    number: int
    error: str | None
    definition: str
    result: str | None


def examples() -> list[Example]:
    return [
        Example(page, number, error or None, text, result or None)
        for page in PAGES
        for number, (error, text, result) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
    ]


EXAMPLES = examples()
RIGHT = [each for each in EXAMPLES if each.error is None]
WRONG = [each for each in EXAMPLES if each.error is not None]


@pytest.fixture
async def engine(flights_dsn: str) -> AsyncIterator[PrismiqEngine]:
    async with PrismiqEngine(flights_dsn) as engine:
        yield engine


def test_every_block_is_read() -> None:
    blocks = [line for page in PAGES for line in re.findall(r"^```json\b.*", page.read_text(encoding="utf-8"), re.M)]
    assert len(EXAMPLES) == len(blocks)
    assert len(RIGHT) > 12
    assert len(WRONG) > 20


@pytest.mark.parametrize("example", RIGHT, ids=lambda each: f"{each.page.stem}-{each.number}")
async def test_example_gives_what_is_shown(example: Example, engine: PrismiqEngine) -> None:
    result = await engine.execute_query(example.definition)
    assert result.columns
    assert result.row_count > 0
    shown = table(result)
    if UPDATE:
        _write(example, shown)
    else:
        assert example.result == shown


@pytest.mark.parametrize("example", WRONG, ids=lambda each: f"{each.page.stem}-{each.error}")
async def test_wrong_example_says_so(example: Example, engine: PrismiqEngine) -> None:
    with pytest.raises(QueryError) as caught:
        await engine.execute_query(example.definition)
    assert example.error in {issue.code.value for issue in caught.value.issues}


def table(result: QueryResult) -> str:
    """The result as a text table. Fractions are cut to four digits, since a page is for people."""
    lines = [[column.name for column in result.columns], *([_shown(value) for value in row] for row in result.rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(result.columns))]
    lines.insert(1, ["-" * width for width in widths])
    return "".join(
        " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def _shown(value: object) -> str:
    if isinstance(value, float | Decimal):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)


def _write(example: Example, shown: str) -> None:
    text = example.page.read_text(encoding="utf-8")
    match = list(BLOCK.finditer(text))[example.number]
    assert json.loads(match[2]) == json.loads(example.definition)
    if match[3] is not None:
        example.page.write_text(text[: match.start(3)] + shown + text[match.end(3) :], encoding="utf-8")

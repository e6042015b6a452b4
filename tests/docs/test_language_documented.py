"""queries.md names every word of the language, and no function that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from prismiq import (
    Aggregate,
    Calculation,
    Comparison,
    Condition,
    Dimension,
    Exists,
    Granularity,
    Join,
    JoinPair,
    Measure,
    Metric,
    NamedDimension,
    NestedQuery,
    Operator,
    Pivot,
    QueryDefinition,
    Top,
)
from prismiq.query.expressions.functions import FUNCTIONS, PARTS, UNITS, WINDOWS

PAGE = (Path(__file__).parents[2] / "packages/docs/queries.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`([^`]*)`", PAGE))


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("words", [Aggregate, Granularity, Operator], ids=lambda each: each.__name__)
def test_every_word_is_there(words: type[Aggregate | Granularity | Operator]) -> None:
    said = " ".join(WORDS)
    assert [word.value for word in words if not re.search(rf"\b{word.value}\b", said)] == []


@pytest.mark.parametrize(
    "model",
    [
        QueryDefinition,
        NestedQuery,
        Join,
        JoinPair,
        Dimension,
        NamedDimension,
        Measure,
        Metric,
        Calculation,
        Comparison,
        Condition,
        Exists,
        Top,
        Pivot,
    ],
    ids=lambda each: each.__name__,
)
def test_every_key_is_there(model: type[BaseModel]) -> None:
    said = " ".join(WORDS)
    assert [name for name in model.model_fields if not re.search(rf"\b{name}\b", said)] == []


def test_the_published_functions_are_the_functions() -> None:
    lines = re.findall(
        r"^\| (?:any type|numbers|text functions|time functions|arrays) \| (.*) \|$", section("Expressions"), re.M
    )
    documented = {name for line in lines for name in re.findall(r"`(\w+)", line)}
    assert documented == set(FUNCTIONS)
    assert set(UNITS) | set(PARTS.values()) <= set(re.findall(r"\w+", " ".join(lines)))


def test_the_window_functions_are_the_window_functions() -> None:
    said = re.search(
        r"window functions\*\*, over the groups of the query: (.*?), each with", section("Calculations"), re.S
    )
    assert said is not None
    assert set(re.findall(r"`(\w+)`", said[1])) == set(WINDOWS)

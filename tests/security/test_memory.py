"""However many questions come, each with values and names of its own: what is kept of them stays within its bounds.

A client says itself that an answer may be kept (`Cache-Control: max-age`), and what it is kept under.
"""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings
from security.callers import ACME, POLICY

MANY = 60
Question = Callable[[int], dict[str, Any]]


def _among(number: int) -> list[dict[str, Any]]:
    """A condition whose values, all its own, are some 90 kB."""
    return [{"field": "name", "operator": "in", "value": [f"{number} {each:0>80}" for each in range(1_000)]}]


def other_values(number: int) -> dict[str, Any]:
    return {"source": "customers", "measures": ["count"], "filters": _among(number)}


def other_names(number: int) -> dict[str, Any]:
    return {
        "source": "customers",
        "measures": [{"aggregate": "count", "name": f"n{number}"}],
        "filters": _among(number),
    }


async def growth(ask: Callable[[int], Awaitable[object]]) -> int:
    """Bytes that stay of many questions."""
    for number in range(3):
        await ask(number)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(3, MANY):
            await ask(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("question", [other_values, other_names])
@pytest.mark.parametrize("max_age", [0, 60])
async def test_what_is_kept_of_ever_new_questions_is_bounded(
    shared_shop_dsn: str, question: Question, max_age: int
) -> None:
    settings = Settings(cache_max_bytes=400_000, pool_max_size=1)
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=settings) as engine:

        async def ask(number: int) -> None:
            await engine.answer_query(json.dumps(question(number)).encode(), ACME, max_age=max_age)

        assert await growth(ask) < 2_500_000, "the values alone were 5 MB"

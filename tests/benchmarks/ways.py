"""Ways to the same answer, timed in turns, so that whatever else the machine does falls on all of them.

With `PRISMIQ_BENCHMARKS=file.jsonl` each measurement is also a line of JSON there.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

Way = Callable[[], Awaitable[Any]]


async def in_turns(ways: Mapping[str, Way], rounds: int) -> dict[str, list[float]]:
    """Seconds of each round of each way; a first round of all is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for counted in [False] + [True] * rounds:
        for name, way in ways.items():
            started = perf_counter()
            await way()
            if counted:
                times[name].append(perf_counter() - started)
    return times


def report(title: str, times: Mapping[str, list[float]], **facts: Any) -> dict[str, float]:
    """Prints medians, their ratios to the first way's, and facts besides. Returns the ratios."""
    base = median(next(iter(times.values())))
    ratios = {name: median(taken) / base for name, taken in times.items()}
    print(f"\n{title}")
    for name, taken in times.items():
        unit, factor = ("µs", 1e6) if base < 2e-3 else ("ms", 1e3)
        print(f"  {name:44} {median(taken) * factor:9.1f} {unit}   {ratios[name]:5.2f} ×")
    for name, fact in facts.items():
        print(f"  {name.replace('_', ' '):44} {fact}")
    measured = {
        name: {"p50": median(taken), "p99": _p99(taken), "ratio": ratios[name]} for name, taken in times.items()
    }
    write({"title": title, "ways": measured, **facts})
    return ratios


def write(measured: Mapping[str, Any]) -> None:
    """Adds a measurement to the file that the environment names."""
    path = os.environ.get("PRISMIQ_BENCHMARKS")
    if path:
        machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**measured, **machine}) + "\n")


def _p99(taken: list[float]) -> float:
    return quantiles(taken, n=100)[98] if len(taken) > 1 else taken[0]

"""examples/direct_from_python.py prints what it says, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/direct_from_python.py"


def test_it_prints_three_answers(flights_dsn: str) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE, flights_dsn], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "Frontier Airlines Inc.: 685 flights, 23 planes, 20.2 min late",
        "ExpressJet Airlines Inc.: 54,173 flights, 316 planes, 20.0 min late",
        "Mesa Airlines Inc.: 601 flights, 58 planes, 19.0 min late",
        "January: 27,004",
        "February: 24,951",
        "March: 28,834",
        'Wrong: "carier" is not a field of flights. Did you mean "carrier"?',
    ]

"""The definitions in the documentation are those that are run."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tpch.data import QUERIES

PAGE = Path(__file__).parents[2] / "packages/docs/tpch.md"


def test_definitions_are_those_of_their_folders() -> None:
    shown = [
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert shown
    run = [json.loads((folder / "query.json").read_text()) for folder in QUERIES]
    assert all(each in run for each in shown)


def test_every_query_of_the_standard_is_there() -> None:
    assert [folder.name for folder in QUERIES] == [f"q{number:02}" for number in range(1, 23)]

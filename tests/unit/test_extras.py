"""What `pip install 'prismiq[…]'` brings; the development tools have everything, and would hide what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXTRAS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]


@pytest.mark.parametrize(("extra", "needs"), [("demo", "dashboards"), ("pandas", "arrow"), ("polars", "arrow")])
def test_an_extra_brings_what_it_builds_on(extra: str, needs: str) -> None:
    assert set(EXTRAS[needs]) <= set(EXTRAS[extra])

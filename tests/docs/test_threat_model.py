"""The threat model names tests that exist, and every hostile test is named there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "packages/docs/threat-model.md"


def named() -> dict[Path, set[str]]:
    """The tests that the page names, by file: those between a link and the next belong to it."""
    found: dict[Path, set[str]] = {}
    for row in PAGE.read_text(encoding="utf-8").splitlines():
        for link, tests in re.findall(r"\]\((\S+?\.py)\)((?:[ ,]*`\w+`)*)", row):
            found.setdefault((PAGE.parent / link).resolve(), set()).update(re.findall(r"`(\w+)`", tests))
    return found


def test_the_tests_exist() -> None:
    missing = {
        (path.name, test)
        for path, tests in named().items()
        for test in tests
        if not re.search(rf"^ *(?:async )?def {test}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert missing == set()


def test_every_file_is_named_with_a_test() -> None:
    assert [path.name for path, tests in named().items() if not tests] == []
    hostile = {path.resolve() for path in (ROOT / "tests/security").glob("test_*.py")}
    assert sorted(path.name for path in hostile - set(named())) == []


def test_every_threat_has_a_test() -> None:
    rows = re.findall(r"^\| (?!threat|---)(.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 10
    assert [row for row in rows if not re.search(r"\.py\) `test_\w+`", row)] == []

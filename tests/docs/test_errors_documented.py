"""errors.md has one heading per code, and none for a code that does not exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prismiq import errors
from prismiq.api import problems  # has the errors that only HTTP knows
from prismiq.errors import IssueCode, PrismiqError

PAGE = Path(__file__).parents[2] / "packages/docs/errors.md"


def codes() -> list[str]:
    return [error.code for error in _tree(PrismiqError)] + [code.value for code in IssueCode]


def _tree(error: type[PrismiqError]) -> Iterator[type[PrismiqError]]:
    yield error
    for each in error.__subclasses__():
        if each.__module__.startswith("prismiq."):
            yield from _tree(each)


def test_every_code_has_one_heading_and_every_heading_a_code() -> None:
    headings = Counter(re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert headings == Counter(set(codes()))


def test_codes_are_unique() -> None:
    assert [code for code, count in Counter(codes()).items() if count > 1] == []


def test_contents_list_every_code() -> None:
    listed = re.findall(r"\[`(\w+)`\]\(#(\w+)\)", PAGE.read_text(encoding="utf-8").partition("## ")[0])
    assert {code for code, _ in listed} == set(codes())
    assert all(code == anchor for code, anchor in listed)


def test_exceptions_are_named_with_their_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    for error in _tree(PrismiqError):
        assert sections[error.code].startswith(f"`{error.__name__}`")


def test_errors_live_in_two_places() -> None:
    assert {error.__module__ for error in _tree(PrismiqError)} == {errors.__name__, problems.__name__}

"""Every relative link in the documentation leads to a file that exists, and every anchor to a heading there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "packages/docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
        *(ROOT / ".claude").rglob("*.md"),
    ]
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    broken: list[str] = []
    for link in LINK.findall(_prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if ".claude" in page.parts or page.name == "architecture.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = [ROOT.glob("*.*"), *((ROOT / name).rglob("*.*") for name in ("packages", "tests", ".claude"))]
    files = [path.as_posix() for folder in folders for path in folder]
    named = set(re.findall(r"`([\w./]+\.(?:py|sql|md))`", page.read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not any(f"/{name}" in path for path in files)] == []


def test_names_in_recipes_exist() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "packages/python").rglob("*.py"))
    code += "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    recipes = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / ".claude").rglob("SKILL.md"))
    named = set(re.findall(r"`(_?[A-Z][A-Z_]{3,}|_[a-z_]+|[A-Z][a-z]+[A-Za-z]*)`", recipes))
    assert len(named) > 20
    assert [name for name in sorted(named) if not re.search(rf"\b{name}\b", code)] == []


def test_there_are_pages() -> None:
    assert ROOT / "README.md" in PAGES
    assert len(PAGES) > 8


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

"""Code in the documentation: Python compiles and imports what exists, YAML is a schema configuration or a policy."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from prismiq import (
    AccessPolicy,
    Dashboard,
    PrismiqEngine,
    RequestContext,
    RowFilter,
    SchemaConfiguration,
    TablePolicy,
)
from prismiq.dashboards.files import load_yaml
from prismiq.dashboards.reading import read

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "packages/docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")])

POLICIES = ROOT / "packages/docs/policy.md"


def blocks(language: str, pages: list[Path] = PAGES) -> list[Any]:
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(text, id=f"{page.stem}-{number}")
        for page in pages
        for number, text in enumerate(pattern.findall(page.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_compiles_and_its_imports_exist(code: str) -> None:
    tree = compile(code, "<documentation>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prismiq":
            module = importlib.import_module(str(node.module))
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []


@pytest.mark.parametrize("text", blocks("yaml", [page for page in PAGES if page != POLICIES]))
def test_yaml_is_a_schema_configuration_or_a_dashboard(text: str) -> None:
    if text.startswith("kind: dashboard"):
        content = load_yaml(text)
        assert content.pop("kind") == "dashboard"
        assert read(Dashboard, content).widgets
    else:
        assert SchemaConfiguration.load(yaml.safe_load(text)).tables


@pytest.mark.parametrize("text", blocks("yaml", [POLICIES]))
async def test_yaml_of_policies_fits_the_shop(text: str, shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.load(yaml.safe_load(text))) as engine:
        assert any(table.rows or table.columns for table in await engine.explain_access(RequestContext(user="u")))


def test_every_key_of_a_policy_is_documented() -> None:
    said = set(re.findall(r"`(\w+)`", POLICIES.read_text(encoding="utf-8")))
    for model in (AccessPolicy, TablePolicy, RowFilter):
        assert set(model.model_fields) <= said, model.__name__

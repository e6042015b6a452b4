"""The published JSON Schema: it is what the code gives, and it takes and refuses what Prismiq does.

`PRISMIQ_UPDATE_DOCS=1 uv run pytest tests/docs/test_query_schema.py` writes the file anew; read the difference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from prismiq import PrismiqEngine, QueryDefinition
from prismiq.query.json_schema import query_json_schema, schema_text

ROOT = Path(__file__).parents[2]
FILE = ROOT / "packages/docs/query.schema.json"
PAGES = [ROOT / "README.md", *sorted((ROOT / "packages/docs").glob("*.md"))]
BLOCK = re.compile(r"```json(?: error=(\w+))?\n(.*?)\n```", re.DOTALL)
EXAMPLES = [
    (f"{page.stem}-{number}", error, json.loads(text))
    for page in PAGES
    for number, (error, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]
CASES = [(path.parent.name, json.loads(path.read_text())) for path in sorted(ROOT.glob("tests/cases/*/query.json"))]
# Errors of form, which a schema can know; all others need the tables.
FORM = {
    "missing", "unknown_key", "unknown_operator", "unknown_granularity", "empty_query", "null_value",
    "mixed_query",
}  # fmt: skip
VALIDATOR = jsonschema.Draft202012Validator(query_json_schema())
GROUPS: dict[str, Any] = {"source": "orders", "measures": ["count"]}


def test_the_file_is_what_the_code_gives() -> None:
    if os.environ.get("PRISMIQ_UPDATE_DOCS") == "1":
        FILE.write_text(schema_text(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema_of_its_draft() -> None:
    schema = query_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["$id"], schema["title"]) == ("urn:prismiq:schema:query", "Prismiq query")


def test_every_key_is_described() -> None:
    schema = query_json_schema()
    parts = {"": schema, **schema["$defs"]}
    bare = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, value in part.get("properties", {}).items()
        if "description" not in value and "description" not in schema["$defs"].get(_target(value), {})
    ]
    assert bare == []
    assert all("description" in part for part in parts.values())


def _target(part: dict[str, Any]) -> str:
    return part.get("$ref", "").rpartition("/")[2]


@pytest.mark.parametrize(
    "query",
    [
        *(pytest.param(query, id=name) for name, error, query in EXAMPLES if not error),
        *(pytest.param(query, id=name) for name, query in CASES),
    ],
)
def test_what_is_right_fits(query: Any) -> None:
    VALIDATOR.validate(query)
    VALIDATOR.validate(QueryDefinition.model_validate(query).to_json())  # the long form, too


@pytest.mark.parametrize(
    "query", [pytest.param(query, id=f"{name}-{error}") for name, error, query in EXAMPLES if error in FORM]
)
def test_what_the_documentation_shows_as_wrong_in_form_does_not_fit(query: Any) -> None:
    if query.get("filters", {}) == {"field": "departure", "operator": "eq", "value": None}:
        pytest.skip("null is a value to JSON Schema")
    assert not VALIDATOR.is_valid(query)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"source": "orders"},
        {"source": "orders", "measures": []} | {"limit": -1},
        {"source": "", "measures": ["count"]},
        {**GROUPS, "where": "total > 1"},
        {**GROUPS, "filters": {"field": "total", "expression": "total", "value": 1}},
        {**GROUPS, "filters": {"value": 1}},
        {**GROUPS, "filters": {"field": "status", "operator": "in", "value": "paid"}},
        {**GROUPS, "filters": {"field": "status", "operator": "in", "value": ["paid", None]}},
        {**GROUPS, "filters": {"field": "status", "operator": "is_null", "value": True}},
        {**GROUPS, "filters": {"field": "total", "operator": "between", "value": [1]}},
        {**GROUPS, "filters": {"field": "at", "operator": "in_period", "value": "last_fortnight"}},
        {**GROUPS, "filters": {"field": "at", "operator": "in_period", "value": {"last": 0, "unit": "day"}}},
        {**GROUPS, "filters": {"field": "at", "operator": "in_period", "value": {"last": 1, "unit": "days"}}},
        {**GROUPS, "filters": [[{"field": "at", "operator": "=", "value": 1}]]},
        {**GROUPS, "filters": {"and": {"field": "total", "value": 1}, "or": []}},
        {**GROUPS, "filters": "total > 1"},
        {"source": "orders", "measures": ["summ(total)"]},
        {"source": "orders", "measures": ["sum()"]},
        {"source": "orders", "measures": [{"field": "total"}]},
        {"source": "orders", "measures": [{"aggregate": "sum"}]},
        {"source": "orders", "measures": [{"aggregate": "sum", "field": "total", "expression": "total"}]},
        {"source": "orders", "measures": [{"aggregate": "percentile", "field": "total"}]},
        {"source": "orders", "measures": [{"aggregate": "percentile", "field": "total", "p": 90}]},
        {"source": "orders", "dimensions": [{"name": "x"}]},
        {"source": "orders", "dimensions": [{"field": "at", "granularity": "fortnight"}]},
        {"source": "orders", "dimensions": [{"path": []}]},
        {**GROUPS, "columns": ["id"]},
        {**GROUPS, "calculations": [{"name": "x"}]},
        {**GROUPS, "order_by": [{"name": "count"}]},
        {**GROUPS, "order_by": [1]},
    ],
    ids=json.dumps,
)
async def test_what_is_wrong_in_form_does_not_fit_and_is_refused(query: Any, shared_shop_dsn: str) -> None:
    assert not VALIDATOR.is_valid(query)
    async with PrismiqEngine(shared_shop_dsn) as engine:
        assert await engine.validate_query(query)


async def test_its_examples_run(shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        for example in query_json_schema()["examples"]:
            VALIDATOR.validate(example)
            assert (await engine.execute_query(example)).columns

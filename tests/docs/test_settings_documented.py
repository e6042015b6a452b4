"""configuration.md has every setting with its environment variable and its default, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from prismiq import SchemaConfiguration, Settings
from prismiq.schema import ColumnConfiguration, RelationshipConfiguration, TableConfiguration
from prismiq.schema.configuration import DimensionConfiguration, MetricConfiguration

PAGE = (Path(__file__).parents[2] / "packages/docs/configuration.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `PRISMIQ_(\w+)` \| `([^`]*)` \|", PAGE, re.MULTILINE)
    documented = {name: default for name, _, default in rows}
    assert documented == {name: str(field.default) for name, field in Settings.model_fields.items()}
    assert all(variable == name.upper() for name, variable, _ in rows)


def test_every_key_of_the_schema_configuration_is_documented() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Schema configuration")[2], re.MULTILINE))
    for model in (SchemaConfiguration, TableConfiguration, ColumnConfiguration, RelationshipConfiguration):
        assert set(model.model_fields) <= documented, model.__name__


def test_every_key_of_a_definition_is_documented() -> None:
    said = " ".join(re.findall(r"`([^`]*)`", PAGE.partition("### Metrics and dimensions")[2]))
    for model in (MetricConfiguration, DimensionConfiguration):
        assert [key for key in model.model_fields if not re.search(rf"\b{key}\b", said)] == [], model.__name__

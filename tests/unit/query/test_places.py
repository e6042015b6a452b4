"""An issue's place is the caller's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prismiq.errors import Issue, IssueCode, Location
from prismiq.query import QueryDefinition
from prismiq.query.places import as_written

CONDITION = {"field": "a", "value": 1}


@pytest.mark.parametrize(
    ("content", "loc", "written"),
    [
        ({"filters": [CONDITION]}, ("filters", 0, "field"), ("filters", 0, "field")),
        ({"filters": {"and": [CONDITION]}}, ("filters", 0, "field"), ("filters", "and", 0, "field")),
        (
            {"filters": {"or": [{"and": [CONDITION, {"and": [CONDITION]}]}]}},
            ("filters", "or", 0, 1, 0, "value"),
            ("filters", "or", 0, "and", 1, "and", 0, "value"),
        ),
        ({"measures": ["sum(a)"]}, ("measures", 0, "field"), ("measures", 0, "field")),
        ({"filters": {"and": CONDITION}}, ("filters", 3, "x"), ("filters", "and", 3, "x")),
        ({}, (), ()),
    ],
)
def test_and_is_part_of_the_place_where_it_was_written(
    content: dict[str, Any], loc: Location, written: Location
) -> None:
    issue = Issue(loc, IssueCode.INVALID, "It is wrong.", "Mend it.")
    for data in (content, json.dumps(content), json.dumps(content).encode()):
        (found,) = as_written([issue], data)
        assert found.loc == written


def test_a_model_keeps_its_places() -> None:
    issue = Issue(("filters", 0, "field"), IssueCode.INVALID, "It is wrong.", "Mend it.")
    definition = QueryDefinition.model_validate({"source": "t", "measures": ["count"], "filters": {"and": [CONDITION]}})
    assert as_written([issue], definition) == [issue]

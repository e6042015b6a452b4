"""`top`: what it refuses, and that its values are slots."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location, QueryError
from prismiq.plan.outputs import Role
from prismiq.query import QueryDefinition
from prismiq.query.parse import read_definition
from prismiq.query.split import split
from prismiq.settings import Settings
from unit.schemas import Definition, compiled, counted, refusal


def ranked(**parts: Any) -> Definition:
    """The first regions by their orders, with what else is asked."""
    return counted(dimensions=["region"], top={"dimension": "region", "n": 2, "by": "count", **parts})


@pytest.mark.parametrize(
    ("definition", "loc", "code", "told"),
    [
        (ranked(dimension="reg"), ("top", "dimension"), IssueCode.UNKNOWN_OUTPUT, "region"),
        (ranked(dimension="count"), ("top", "dimension"), IssueCode.UNKNOWN_OUTPUT, "region"),
        (ranked(by="region"), ("top", "by"), IssueCode.UNKNOWN_OUTPUT, "count"),
        (ranked(by="-count"), ("top", "by"), IssueCode.UNKNOWN_OUTPUT, "count"),
        (ranked() | {"dimensions": []}, ("top", "dimension"), IssueCode.UNKNOWN_OUTPUT, "add one"),
        (
            {"source": "orders", "columns": ["region"], "top": {"dimension": "region", "n": 2, "by": "count"}},
            ("top",),
            IssueCode.MIXED_QUERY,
            "limit",
        ),
        (
            ranked(other="Other") | {"dimensions": ["region", {"name": "region__is_other", "field": "status"}]},
            ("dimensions", 1, "name"),
            IssueCode.DUPLICATE_NAME,
            "another",
        ),
    ],
)
def test_what_is_no_ranking_is_refused(definition: Definition, loc: Location, code: IssueCode, told: str) -> None:
    issue = refusal(definition)
    assert (issue.loc, issue.code) == (loc, code)
    assert told in f"{issue.message} {issue.hint}"


def test_an_unresolved_dimension_is_told_once() -> None:
    assert refusal(ranked() | {"dimensions": ["regoin"]}).loc == ("dimensions", 0, "field")


@pytest.mark.parametrize("n", [0, 10_001, -1, 1.5, "many"])
def test_n_is_a_number_of_values(n: object) -> None:
    with pytest.raises(QueryError) as caught:
        read_definition(ranked(n=n), Settings())
    assert caught.value.issues[0].loc == ("top", "n")


def test_an_unknown_key_is_told() -> None:
    with pytest.raises(QueryError) as caught:
        read_definition(ranked(order="x"), Settings())
    assert "descending" in str(caught.value.issues[0].hint)


def test_values_are_no_part_of_the_shape() -> None:
    shapes = [
        split(QueryDefinition.model_validate(ranked(n=n, other=other)))[0] for n, other in ((1, "Other"), (2, "Rest"))
    ]
    assert shapes[0] == shapes[1]
    assert split(QueryDefinition.model_validate(ranked(n=1)))[0] != shapes[0]


def test_the_flag_follows_its_dimension() -> None:
    definition = ranked(other="Other") | {"dimensions": ["region", "status"]}
    columns = compiled(definition).columns
    assert [(column.name, column.role) for column in columns] == [
        ("region", Role.DIMENSION),
        ("region__is_other", Role.FLAG),
        ("status", Role.DIMENSION),
        ("count", Role.MEASURE),
    ]


def test_a_path_names_its_dimension_too() -> None:
    definition = counted(
        dimensions=["customer.segment"], top={"dimension": "customer.segment", "n": 1, "by": "count", "other": "Rest"}
    )
    assert [column.name for column in compiled(definition).columns][:2] == [
        "customer_segment",
        "customer_segment__is_other",
    ]

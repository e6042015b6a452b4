"""Which operator fits which type, and which value: everything else is refused before it reaches PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from prismiq.errors import IssueCode
from prismiq.query import QueryDefinition
from prismiq.query.filters import Operator
from prismiq.query.split import split
from unit.schemas import compiled, counted, planned, refusal, refusals, where

NOW = datetime(2026, 3, 31, 10, tzinfo=timezone.utc)
VALUES: dict[str, Any] = {
    "status": "paid",
    "region": "EU",
    "items": 1,
    "total": 1.5,
    "ratio": 1.5,
    "weight": 1.5,
    "due_on": "2026-01-01",
    "paid_at": "2026-01-01T10:00",
    "ordered_at": "2026-01-01T10:00",
    "token": "00000000-0000-0000-0000-000000000001",
    "took": "PT5M",
    "opens": "10:00",
    "closes": "10:00+02",
    "extra": "x",
    "tags": ["a"],
    "customer.active": True,
}
"""A fitting value for a field of each type."""
TEXTS, MOMENTS = {"region", "status"}, {"due_on", "paid_at", "ordered_at"}
PATTERNS = {"contains", "not_contains", "starts_with", "ends_with", "like", "ilike", "regex"}


def fits(field: str, operator: str) -> bool:
    if operator in PATTERNS:
        return field in TEXTS
    if operator in ("in_period", "not_in_period"):
        return field in MOMENTS
    if operator in ("has_any", "has_all"):
        return field in ("tags", "extra")
    return operator not in ("in", "not_in") or field not in ("tags", "extra")


def value_for(field: str, operator: str) -> tuple[Any, ...]:
    one = VALUES[field]
    if operator in ("is_null", "is_not_null"):
        return ()
    if operator in ("between", "not_between"):
        return ([one, one],)
    if operator in ("in", "not_in", "has_any", "has_all"):
        return (one if isinstance(one, list) else [one],)
    return ("today" if "period" in operator else one,)


CASES = [(field, str(operator)) for field in VALUES for operator in Operator]


@pytest.mark.parametrize(("field", "operator"), [case for case in CASES if fits(*case)])
def test_what_fits_is_compiled_and_bound(field: str, operator: str) -> None:
    definition = where(field, operator, *value_for(field, operator))
    _, values = split(QueryDefinition.model_validate(definition))
    statement = compiled(definition).bind(values, None, row_cap=10, now=NOW)
    assert "WHERE" in statement.sql
    assert len(statement.args) >= 2


@pytest.mark.parametrize(("field", "operator"), [case for case in CASES if not fits(*case)])
def test_what_does_not_fit_names_operator_and_type(field: str, operator: str) -> None:
    issue = refusal(where(field, operator, *value_for(field, operator)))
    assert (issue.loc, issue.code) == (("filters", 0, "operator"), IssueCode.TYPE_MISMATCH)
    assert f'"{field}"' in issue.message
    assert operator in issue.message


@pytest.mark.parametrize("field", ["document", "raw", "moods"])
@pytest.mark.parametrize("operator", ["eq", "gt", "between"])
def test_what_cannot_be_compared_can_only_be_null(field: str, operator: str) -> None:
    issue = refusal(where(field, operator, ["a", "b"] if operator == "between" else "a"))
    assert (issue.loc, issue.code) == (("filters", 0, "operator"), IssueCode.TYPE_MISMATCH)
    assert "is_null" in str(issue.hint)
    assert "IS NULL" in compiled(where(field, "is_null")).sql


FORMS: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "text": "x",
    "date": "2026-01-01",
    "object": {"a": 1},
    "list": ["a"],
}
TAKEN: dict[str, set[str]] = {
    "status": {"text", "date"},
    "region": {"text", "date"},
    "items": {"integer", "number", "text", "date"},  # text is read as a number, or refused as none
    "total": {"integer", "number", "text", "date"},
    "ratio": {"integer", "number", "text", "date"},
    "weight": {"integer", "number", "text", "date"},
    "due_on": {"date"},
    "paid_at": {"text", "date"},
    "ordered_at": {"text", "date"},
    "token": {"text", "date"},
    "took": {"text", "date"},
    "opens": {"text", "date"},
    "closes": {"text", "date"},
    "extra": set(FORMS),
    "tags": {"list"},
    "customer.active": {"boolean"},
}


@pytest.mark.parametrize(
    ("field", "form"), [(field, form) for field, taken in TAKEN.items() for form in FORMS if form not in taken]
)
def test_a_value_of_another_form_is_refused(field: str, form: str) -> None:
    issue = refusal(where(field, "eq", FORMS[form]))
    assert (issue.loc, issue.code) == (("filters", 0, "value"), IssueCode.TYPE_MISMATCH)
    assert f'"{field}"' in issue.message


@pytest.mark.parametrize(
    ("field", "form"), [(field, form) for field, taken in TAKEN.items() for form in FORMS if form in taken]
)
def test_a_value_of_its_form_is_planned(field: str, form: str) -> None:
    assert "WHERE" in compiled(where(field, "eq", FORMS[form])).sql


@pytest.mark.parametrize("operator", [str(each) for each in Operator if each.value not in ("is_null", "is_not_null")])
def test_null_is_asked_for_by_is_null(operator: str) -> None:
    value: Any = None
    if operator in ("between", "not_between"):
        value = ["2026-01-01", None]
    elif operator in ("in", "not_in", "has_any", "has_all"):
        value = [None]
    field = {"in_period": "due_on", "not_in_period": "due_on", "has_any": "tags", "has_all": "tags"}.get(operator)
    field = field or ("due_on" if "between" in operator else "region")
    issue = refusal(where(field, operator, value))
    assert (issue.loc, issue.code) == (("filters", 0, "value"), IssueCode.NULL_VALUE)
    assert "is_null" in str(issue.hint)


def test_an_open_end_of_a_period_is_left_out_and_not_null() -> None:
    assert refusal(where("due_on", "in_period", {"from": None})).code is IssueCode.NULL_VALUE
    assert compiled(where("due_on", "in_period", {"from": "2026-01-01"})).sql.count("due_on") == 1


@pytest.mark.parametrize(
    ("operator", "value", "place", "code"),
    [
        ("eq", (), "value", IssueCode.MISSING),
        ("in", (), "value", IssueCode.MISSING),
        ("is_null", (None,), "value", IssueCode.INVALID),
        ("is_not_null", (True,), "value", IssueCode.INVALID),
        ("in", (1,), "value", IssueCode.INVALID_VALUE),
        ("in", ({"a": 1},), "value", IssueCode.INVALID_VALUE),
        ("between", ([1],), "value", IssueCode.INVALID_VALUE),
        ("between", ([1, 2, 3],), "value", IssueCode.INVALID_VALUE),
        ("between", (5,), "value", IssueCode.INVALID_VALUE),
        ("in", ([1, "a"],), "value", IssueCode.TYPE_MISMATCH),
        ("in", ([[1]],), "value", IssueCode.TYPE_MISMATCH),
    ],
)
def test_the_value_has_the_form_its_operator_needs(
    operator: str, value: tuple[Any, ...], place: str, code: IssueCode
) -> None:
    issue = refusal(where("items", operator, *value))
    assert (issue.loc, issue.code) == (("filters", 0, place), code)


@pytest.mark.parametrize("value", [1, True, ["today"], 1.5])
def test_a_period_is_a_name_or_an_object(value: Any) -> None:
    issue = refusal(where("due_on", "in_period", value))
    assert (issue.loc, issue.code) == (("filters", 0, "value"), IssueCode.INVALID_VALUE)


@pytest.mark.parametrize("field", ["ordered_at", "paid_at"])
def test_a_list_is_of_days_or_of_instants(field: str) -> None:
    """A date means a whole day; among timestamps it would quietly be its midnight."""
    issue = refusal(where(field, "in", ["2026-01-01", "2026-01-02T10:00"]))
    assert (issue.loc, issue.code) == (("filters", 0, "value"), IssueCode.INVALID_VALUE)
    assert "AS DATE" in compiled(where(field, "in", ["2026-01-01", "2026-01-02"])).sql
    assert "AS DATE" not in compiled(where(field, "in", ["2026-01-01T00:00"])).sql
    assert "WHERE" in compiled(where("region", "in", ["2026-01-01", "north"])).sql


def test_an_array_is_compared_with_a_list_of_its_elements() -> None:
    assert refusal(where("tags", "eq", "a")).code is IssueCode.TYPE_MISMATCH
    assert refusal(where("tags", "gt", "a")).code is IssueCode.TYPE_MISMATCH
    assert refusal(where("tags", "eq", [1])).code is IssueCode.TYPE_MISMATCH
    assert refusal(where("tags", "in", ["a"])).code is IssueCode.TYPE_MISMATCH
    assert "orders.tags =" in compiled(where("tags", "eq", [])).sql


def test_an_empty_list_holds_nothing_and_not_even_null() -> None:
    assert "false" in compiled(where("region", "in", [])).sql
    assert "WHERE" not in compiled(where("region", "not_in", [])).sql


@pytest.mark.parametrize(
    ("operator", "sql"),
    [
        ("eq", "(>= $1) AND (< $2)"),
        ("neq", "(< $1) OR (>= $2)"),
        ("gt", ">= $1"),
        ("gte", ">= $1"),
        ("lt", "< $1"),
        ("lte", "< $1"),
    ],
)
def test_a_date_against_a_timestamp_is_that_whole_day(operator: str, sql: str) -> None:
    definition = where("paid_at", operator, "2026-03-31")
    template = compiled(definition)
    written = template.sql.partition("WHERE")[2].partition("LIMIT")[0]
    for noise in ("::TIMESTAMP WITHOUT TIME ZONE", "orders.paid_at ", "\n"):
        written = written.replace(noise, "")
    assert written.strip() == sql
    _, values = split(QueryDefinition.model_validate(definition))
    bound = template.bind(values, None, row_cap=10).args[0]
    assert bound == (datetime(2026, 4, 1) if operator in ("gt", "lte") else datetime(2026, 3, 31))


def test_all_that_is_wrong_is_told_at_once() -> None:
    conditions = [
        {"field": "items", "operator": "contains", "value": "x"},
        {"or": [{"field": "region", "value": 1}, {"not": {"field": "nowhere", "value": 1}}]},
        {"field": "total", "value": None},
    ]
    found = refusals(counted(filters=conditions))
    assert [(issue.loc, issue.code) for issue in found] == [
        (("filters", 0, "operator"), IssueCode.TYPE_MISMATCH),
        (("filters", 1, "or", 0, "value"), IssueCode.TYPE_MISMATCH),
        (("filters", 1, "or", 1, "not", "field"), IssueCode.UNKNOWN_FIELD),
        (("filters", 2, "value"), IssueCode.NULL_VALUE),
    ]


@pytest.mark.parametrize("field", ["tags", "extra"])
def test_what_an_array_has_is_asked_with_a_list(field: str) -> None:
    issue = refusal(where(field, "has_any", "a"))
    assert (issue.loc, issue.code) == (("filters", 0, "value"), IssueCode.INVALID_VALUE)


def test_not_inside_exists_may_speak_of_the_row_around_it() -> None:
    """Which is one row, so that there is nothing to warn of."""
    differs = {"not": {"field": "region", "value": {"outer": "segment"}}}
    asked = {"source": "customers", "measures": ["count"], "filters": {"exists": "orders", "filters": differs}}
    assert planned(asked).warnings == ()

"""Folding constants out of a condition never changes what it is, by SQL's three values."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismiq.plan.expressions import (
    BIGINT,
    FALSE,
    TEXT,
    TRUE,
    And,
    AnyOf,
    AsText,
    Column,
    Compare,
    Expression,
    IsNull,
    Match,
    Not,
    Null,
    Or,
    Parameter,
    Truth,
)
from prismiq.plan.question import Instance
from prismiq.plan.simplify import is_true, never_true, simplify
from unit.schemas import OPEN, ORDERS

Row = Mapping[str, int | None]
UNKNOWN = Truth(None)
PRESENT = Instance("orders", (), OPEN.tables[ORDERS.ref])
COLUMNS = (Column("orders", "id", BIGINT), Column("orders", "total", BIGINT), Column("other", "id", BIGINT))
"""The first is never null where its instance is present, by its table's own word."""


def value(expression: Expression, row: Row) -> int | None:
    match expression:
        case Column(alias=alias, name=name):
            return row[f"{alias}.{name}"]
        case Parameter(source=int(number)):
            return number
        case AsText(part=part):
            return value(part, row)
        case Null():
            return None
        case _:
            raise AssertionError(expression)


def truth(condition: Expression, row: Row) -> bool | None:
    """What PostgreSQL would make of a condition."""
    match condition:
        case Truth(value=known):
            return known
        case Not(part=part):
            inner = truth(part, row)
            return None if inner is None else not inner
        case And(parts=parts):
            each = [truth(part, row) for part in parts]
            return False if False in each else None if None in each else True
        case Or(parts=parts):
            each = [truth(part, row) for part in parts]
            return True if True in each else None if None in each else False
        case IsNull(part=part):
            return value(part, row) is None
        case Compare(left=left, right=right) | AnyOf(left=left, right=right) | Match(left=left, pattern=right):
            sides = value(left, row), value(right, row)
            return None if None in sides else sides[0] == sides[1]
        case _:
            raise AssertionError(condition)


values = st.sampled_from([*COLUMNS, Parameter(0, BIGINT), Parameter(1, BIGINT), Null(BIGINT), AsText(Null(TEXT))])
leaves = st.one_of(
    st.sampled_from([TRUE, FALSE, UNKNOWN]),
    st.builds(IsNull, values),
    st.builds(lambda left, right: Compare("=", left, right), values, values),
    st.builds(AnyOf, values, st.just(Parameter(1, BIGINT))),
    st.builds(lambda left: Match("like", left, Parameter(0, TEXT)), values),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)
some = st.sampled_from([None, 0, 1])
rows = st.fixed_dictionaries({"orders.id": some, "orders.total": some, "other.id": some})
present_rows = st.fixed_dictionaries({"orders.id": st.sampled_from([0, 1]), "orders.total": some, "other.id": some})


@settings(deadline=None)
@given(conditions, rows)
def test_a_folded_condition_has_the_same_truth(condition: Expression, row: Row) -> None:
    assert truth(simplify(condition), row) == truth(condition, row)


@settings(deadline=None)
@given(conditions, present_rows)
def test_it_has_where_an_instance_is_known_to_be_present(condition: Expression, row: Row) -> None:
    assert truth(simplify(condition, PRESENT), row) == truth(condition, row)


@settings(deadline=None)
@given(conditions, rows)
def test_never_true_is_never_true(condition: Expression, row: Row) -> None:
    folded = simplify(condition)
    if never_true(folded):
        assert truth(condition, row) is not True
    if is_true(folded):
        assert truth(condition, row) is True


@settings(deadline=None)
@given(conditions)
def test_folding_twice_folds_no_more(condition: Expression) -> None:
    assert simplify(simplify(condition)) == simplify(condition)


@pytest.mark.parametrize(
    ("condition", "folded"),
    [
        (And(()), TRUE),
        (Or(()), FALSE),
        (Not(UNKNOWN), UNKNOWN),
        (And((UNKNOWN, FALSE)), FALSE),
        (Or((UNKNOWN, TRUE)), TRUE),
        (And((TRUE, COLUMNS[0])), COLUMNS[0]),
        (IsNull(Null(TEXT)), TRUE),
        (IsNull(AsText(Null(TEXT))), TRUE),
        (Compare("=", Null(BIGINT), COLUMNS[0]), UNKNOWN),
    ],
)
def test_what_is_known_is_folded(condition: Expression, folded: Expression) -> None:
    assert simplify(condition) == folded


def test_of_a_present_instance_a_not_null_column_is_not_null() -> None:
    own, nullable, others = (IsNull(column) for column in COLUMNS)
    assert simplify(own) == own
    assert simplify(own, PRESENT) == FALSE
    assert simplify(nullable, PRESENT) == nullable
    assert simplify(others, PRESENT) == others


@pytest.mark.parametrize(
    "condition",
    [FALSE, UNKNOWN, And((COLUMNS[0], UNKNOWN)), Or((FALSE, UNKNOWN)), Or((And((COLUMNS[0], FALSE)),)), Or(())],
)
def test_what_can_never_be_true_is_seen(condition: Expression) -> None:
    assert never_true(condition)

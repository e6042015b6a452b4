"""YAML files: what goes in comes out, whatever it is; what people write means what it looks like."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prismiq.dashboards import Dashboard
from prismiq.dashboards.files import dump_yaml, load_yaml
from prismiq.dashboards.reading import read, to_data
from prismiq.dashboards.wire import dump_json, load_json
from prismiq.errors import DefinitionError, IssueCode

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
LOOKS = st.sampled_from(
    ["on", "yes", "~", "null", "True", "1", "1.0", "1e5", "0x10", "0o7", "1_000", "12:30", "2013-01-01", "", " a", "a ", "- b",
     "a: b", "#c", "a\nb", "a\n\nb\n", " a\nb", "\n", "a\n b ", "é\u2028x", "\x85", "\ufeff", "%", "@", "`", "&a", "*a", "!t", "|", ">", "'", '"', "=", "<<",
     ".5", "5.", "-", ".inf", ".nan", "+1", "\t", "a\tb", "\x7f", "\ud7ff", "\ue000", "\U0001f600", "x\r\ny", "---", "..."]
)  # fmt: skip
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False) | st.integers(-(2**80), 2**80)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | LOOKS
KEYS = (TEXT | LOOKS).filter(bool)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEYS, DATA, max_size=5))
@example({"a": Decimal("1E+5"), "b": Decimal("-0"), "c": Decimal("1.10"), "d": "\x85", "e": "\ufeffa"})
def test_what_is_written_is_read(data: dict[str, Any]) -> None:
    text = dump_yaml(data)
    assert _normal(load_yaml(text)) == _normal(data)
    assert dump_yaml(load_yaml(text)) == text
    assert _normal(load_json(dump_json(data))) == _normal(data)
    yaml.safe_load(text)  # other readers can read it, too


def _normal(data: Any) -> Any:
    """With each number's kind and digits."""
    if isinstance(data, dict):
        return [(key, _normal(value)) for key, value in data.items()]
    if isinstance(data, list):
        return [_normal(each) for each in data]
    return (
        (type(data).__name__, str(data))
        if not isinstance(data, Decimal | int) or isinstance(data, bool)
        else Decimal(data)
    )


PARTS = st.fixed_dictionaries(
    {"title": TEXT.filter(lambda text: len(text.strip()) > 0)},
    optional={
        "description": TEXT,
        "tags": st.lists(KEYS, max_size=3),
        "visibility": st.sampled_from(["private", "tenant", {"tenant": "edit"}, {"roles": {"on": "view"}, "users": {"1": "edit"}}]),
        "refresh_interval": st.integers(5, 86_400),
        "filters": st.lists(
            st.fixed_dictionaries(
                {"type": st.just("select"), "field": KEYS | st.builds(lambda names: {"path": names}, st.lists(KEYS, min_size=1, max_size=3))},
                optional={"label": TEXT, "default": SCALARS, "targets": st.just({"w-1": None})},
            ),
            max_size=3,
        ),
        "widgets": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["bar", "table", "metric"]), "query": st.dictionaries(KEYS, DATA, max_size=3)},
                optional={"title": TEXT, "formats": st.dictionaries(KEYS, KEYS, max_size=2), "link": st.just({"url": "/x?y={z}"})},
            )
            | st.fixed_dictionaries({"type": st.just("text"), "text": TEXT | LOOKS}),
            max_size=4,
        ),
    },
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(PARTS)
def test_a_dashboard_is_the_same_after_every_round_trip(data: dict[str, Any]) -> None:
    stored = to_data(read(Dashboard, data))
    text = dump_yaml(stored)
    again = to_data(read(Dashboard, load_yaml(text)))
    assert dump_yaml(again) == text
    assert _normal(again) == _normal(stored)
    assert _normal(to_data(read(Dashboard, load_json(dump_json(stored))))) == _normal(stored)


def test_what_people_write_means_what_it_looks_like() -> None:
    text = """
on: [on, off, yes, 2013-01-01, 12:30, 1_000, 0x10, .inf]
numbers: [1, -1, 1.50, 1e3, .5]
words: [true, False, null, ~, "true", '1']
"""
    assert load_yaml(text) == {
        "on": ["on", "off", "yes", "2013-01-01", "12:30", "1_000", "0x10", ".inf"],
        "numbers": [1, -1, Decimal("1.50"), Decimal("1e3"), Decimal(".5")],
        "words": [True, False, None, None, "true", "1"],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x", "Line 1: Anchors"),
        ("b: *x", "not valid|Anchors"),
        ("a: !!python/object:os.system x", "Tags"),
        ("a: !x 1", "Tags"),
        ("a: 1\nb:\n  c: 1\n  c: 2", 'Line 4: "c" is written twice'),
        ("? [a]\n: b", "A key is a text"),
        ("- a", "not an object"),
        ("", "one document"),
        ("a: 1\n---\nb: 2", "one document"),
        ("a: [", "not valid YAML"),
        ("a:\n\t- b", "not valid YAML"),
        ("a: \x01", "not valid YAML"),
        ("a: " + "[" * 70 + "]" * 70, "nested too deeply"),
        ("a: " + "[" * 100_000, "nested too deeply|not valid YAML"),
        ("a: " + "9" * 5_000, "too long"),
        ('a: "\\0"', "NUL"),
    ],
)
def test_what_is_not_read(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        load_yaml(text)


def test_two_of_one_id_are_told() -> None:
    widget = {"id": "note", "type": "text", "text": ""}
    with pytest.raises(DefinitionError) as caught:
        read(Dashboard, {"title": "A", "widgets": [widget, widget]})
    [issue] = caught.value.issues
    assert (issue.code, issue.message) == (IssueCode.DUPLICATE_NAME, 'Two widgets have the id "note".')


def test_a_file_is_readable_in_a_diff() -> None:
    board = {
        "title": "A",
        "widgets": [
            {"type": "text", "text": "One\nTwo"},
            {"type": "metric", "query": {"source": "t", "measures": ["count"]}},
        ],
    }
    assert (
        dump_yaml(to_data(read(Dashboard, board)))
        == """\
title: A
widgets:
- id: text
  type: text
  text: |-
    One
    Two
  position:
    x: 0
    y: 0
    w: 12
    h: 2
- id: metric
  type: metric
  query:
    source: t
    measures:
    - count
  position:
    x: 0
    y: 2
    w: 3
    h: 2
"""
    )
    assert json.loads(dump_json(board)) == board

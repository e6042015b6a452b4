"""Definitions as they come in: what is read, and what is said of what cannot be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.errors import Issue, IssueCode, PayloadTooLargeError, QueryError
from prismiq.query import And, Condition, Not, Or, QueryDefinition
from prismiq.query.parse import read_definition
from prismiq.settings import Settings

LIMITS = Settings(max_body_bytes=100_000, max_filters=50, max_depth=10, max_list_values=100, max_outputs=20)


def read(data: bytes | str | Mapping[str, Any] | QueryDefinition) -> QueryDefinition:
    return read_definition(data, LIMITS)


def issues(data: bytes | str | Mapping[str, Any] | QueryDefinition) -> list[Issue]:
    with pytest.raises(QueryError) as caught:
        read(data)
    for issue in caught.value.issues:
        assert issue.message.endswith(".")
        assert issue.hint
    return list(caught.value.issues)


def only(data: bytes | str | Mapping[str, Any] | QueryDefinition) -> Issue:
    found = issues(data)
    assert len(found) == 1, found
    return found[0]


class TestWhatIsRead:
    def test_bytes_text_data_and_the_model_itself_give_the_same(self) -> None:
        data = {"source": "orders", "measures": ["count", "sum(total)"], "filters": [{"field": "a", "value": "é"}]}
        text = json.dumps(data, ensure_ascii=False)
        expected = QueryDefinition.model_validate(data)
        assert read(text) == read(text.encode()) == read(data) == read(MappingProxyType(data)) == expected
        assert read(expected) is expected

    def test_a_byte_order_mark_is_no_part_of_it(self) -> None:
        assert read(b'\xef\xbb\xbf{"source": "orders"}').source == "orders"

    def test_numbers_keep_every_digit(self) -> None:
        filters = read(
            b'{"source": "t", "filters": {"field": "a", "value": 12345678901234567890.123456789012345678901}}'
        ).filters
        assert isinstance(filters, Condition)
        assert filters.value == Decimal("12345678901234567890.123456789012345678901")

    @given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
    def test_every_number_survives(self, number: Decimal | int) -> None:
        filters = read(f'{{"source": "t", "filters": {{"field": "a", "value": {number}}}}}').filters
        assert isinstance(filters, Condition)
        assert filters.value == number
        assert str(Decimal(filters.value)) == str(Decimal(number))

    @pytest.mark.parametrize("value", [date(2026, 3, 31), Decimal("1.10"), UUID(int=5), {1, 2}, 1.5, None, True])
    def test_python_values_are_welcome(self, value: object) -> None:
        filters = read({"source": "t", "filters": {"field": "a", "value": value}}).filters
        assert isinstance(filters, Condition)
        assert filters.value == value

    def test_what_is_within_the_limits_passes(self) -> None:
        deep: Any = {"field": "a", "value": 1}
        for _ in range(LIMITS.max_depth - 1):
            deep = {"not": deep}
        read({"source": "t", "filters": deep})
        read({"source": "t", "filters": [{"field": "a", "value": list(range(100))}] * LIMITS.max_filters})
        read({"source": "t", "columns": [{"field": f"c{i}"} for i in range(LIMITS.max_outputs)]})


class TestJson:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "empty"),
            (b" \n", "empty"),
            (b"\xff\xfe{", "not valid UTF-8: see byte 0"),
            (b'{"source": "\xed\xa0\x80"}', "not valid UTF-8: see byte 12"),
            (b'{"source":\n  "a",}', "line 2, column 7"),
            (b'{"source": "a"} x', "line 1, column 17"),
            (b'{"source": "a\x00"}', "line 1, column 14"),
            (b"[1]", "is an object"),
            (b'"orders"', "is an object"),
            (b"null", "is an object"),
        ],
    )
    def test_broken_text_is_an_error_with_its_place(self, data: bytes, message: str) -> None:
        issue = only(data)
        assert (issue.loc, issue.code) == ((), IssueCode.INVALID)
        assert message in issue.message

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("NaN", IssueCode.INVALID_VALUE),
            ("-Infinity", IssueCode.INVALID_VALUE),
            ("1" * 5000, IssueCode.VALUE_OUT_OF_RANGE),
            ("-" + "1" * 5000, IssueCode.VALUE_OUT_OF_RANGE),
            ("1e99999999999999999999", IssueCode.VALUE_OUT_OF_RANGE),
            ('"a\\u0000b"', IssueCode.INVALID_VALUE),
            ('"\\ud800"', IssueCode.INVALID_VALUE),
            ('{"a": 1, "a": 2}', IssueCode.INVALID),
        ],
    )
    def test_a_value_that_cannot_be_taken_is_named_by_its_place(self, value: str, code: IssueCode) -> None:
        issue = only(f'{{"source": "t", "filters": [{{"field": "a", "operator": "in", "value": ["x", {value}]}}]}}')
        assert (issue.loc, issue.code) == (("filters", 0, "value", 1), code)

    def test_a_number_beyond_a_float_is_one(self) -> None:
        definition = read(b'{"source": "t", "filters": [{"field": "a", "operator": "lt", "value": 1E400}]}')
        assert "1E+400" in repr(definition)

    def test_a_whole_surrogate_pair_is_a_character(self) -> None:
        assert read(b'{"source": "\\ud83d\\ude00"}').source == "\U0001f600"

    def test_keys_are_looked_at_too(self) -> None:
        assert only(b'{"source": "t", "filters": {"field": "a", "value": {"k\\u0000": 1}}}').loc == ("filters", "value")

    def test_a_body_beyond_the_limit_is_not_parsed(self) -> None:
        with pytest.raises(PayloadTooLargeError):
            read(b"[" * (LIMITS.max_body_bytes + 1))

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, data: bytes) -> None:
        with pytest.raises(QueryError):
            read(data)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(), max_size=5),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["source", "measures", "filters", "and", "not", "field", "value", "x", "order_by"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=20,
        )
    )
    def test_any_json_is_read_or_refused_with_places_that_exist(self, content: object) -> None:
        try:
            read(json.dumps(content))
        except QueryError as error:
            for issue in error.issues:
                _follow(content, issue)


def _follow(content: Any, issue: Issue) -> None:
    """Walks an issue's place: every step must be in the content, but the last one of what is missing."""
    for step in issue.loc[:-1] if issue.code is IssueCode.MISSING else issue.loc:
        assert not isinstance(content, str)
        content = content[step]


class TestTooMuch:
    @pytest.mark.parametrize("levels", [11, 200, 10_000])
    def test_nesting(self, levels: int) -> None:
        text = '{"not": ' * levels + '{"field": "a"}' + "}" * levels
        issue = only(f'{{"source": "t", "filters": {text}}}'[: LIMITS.max_body_bytes])
        assert issue.code is IssueCode.TOO_COMPLEX
        assert "10 levels" in issue.message

    @pytest.mark.parametrize("wrap", [lambda f: [f], lambda f: {"and": [f]}, lambda f: {"or": [f]}])
    def test_nesting_in_every_form(self, wrap: Any) -> None:
        deep: Any = {"field": "a", "value": 1}
        for _ in range(200):
            deep = wrap(deep)
        issue = only({"source": "t", "filters": deep})
        assert issue.code is IssueCode.TOO_COMPLEX
        assert issue.loc[0] == "filters"

    def test_nesting_in_python_that_never_ends(self) -> None:
        loop: dict[str, Any] = {"field": "a"}
        loop["value"] = [loop]
        assert only({"source": "t", "filters": loop}).code is IssueCode.TOO_COMPLEX

    def test_nesting_of_models(self) -> None:
        deep: Condition | Not = Condition(field="a", value=1)
        for _ in range(30):
            deep = Not(**{"not": deep})
        assert only(QueryDefinition(source="t", filters=deep)).code is IssueCode.TOO_COMPLEX

    def test_conditions(self) -> None:
        many = [{"field": "a", "operator": "eq", "value": i} for i in range(1000)]
        issue = only(json.dumps({"source": "t", "filters": many}))
        assert issue.code is IssueCode.TOO_COMPLEX
        assert "1000 conditions" in issue.message

    def test_conditions_of_models(self) -> None:
        many = tuple(Condition(field="a", value=i) for i in range(60))
        parts = (And(**{"and": many[:30]}), Or(**{"or": many[30:]}))
        assert "conditions" in only(QueryDefinition(source="t", filters=parts)).message  # type: ignore[arg-type] a tuple stands for `and`

    @pytest.mark.parametrize("key", ["filters", "having"])
    def test_values_of_a_list(self, key: str) -> None:
        issue = only({"source": "t", key: [{"field": "a", "operator": "in", "value": list(range(101))}]})
        assert (issue.loc, issue.code) == ((key, 0, "value"), IssueCode.TOO_COMPLEX)

    def test_values_of_a_set(self) -> None:
        assert only({"source": "t", "filters": [{"field": "a", "operator": "in", "value": set(range(101))}]}).loc == (
            "filters",
            0,
            "value",
        )

    def test_outputs(self) -> None:
        found = only({"source": "t", "dimensions": ["a"] * 11, "measures": ["count"] * 10})
        assert found.code is IssueCode.TOO_COMPLEX
        assert "21 outputs" in found.message
        assert only({"source": "t", "order_by": ["a"] * 21}).loc == ("order_by",)


class TestForm:
    """What Pydantic finds, at the caller's places and in our words."""

    def test_unknown_operator(self) -> None:
        issue = only({"source": "t", "filters": [{"field": "a", "operator": "contain", "value": 1}]})
        assert (issue.loc, issue.code) == (("filters", 0, "operator"), IssueCode.UNKNOWN_OPERATOR)
        assert issue.message == 'There is no operator "contain".'
        assert issue.hint is not None
        assert issue.hint.startswith('Did you mean "contains"? Known are eq, neq,')

    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("=", "eq"),
            ("!=", "neq"),
            (">", "gt"),
            (">=", "gte"),
            ("<", "lt"),
            ("ne", "neq"),
            ("EQ", "eq"),
            ("=~", None),
        ],
    )
    def test_operators_of_other_languages(self, word: str, meant: str | None) -> None:
        hint = only({"source": "t", "filters": {"field": "a", "operator": word, "value": 1}}).hint or ""
        assert hint.startswith(f'Did you mean "{meant}"? ' if meant else "Known are ")

    @pytest.mark.parametrize(
        ("filters", "loc"),
        [
            ([{"field": "a", "operator": "?"}], (0, "operator")),
            ({"field": "a", "operator": "?"}, ("operator",)),
            ({"and": [{"field": "a", "operator": "?"}]}, ("and", 0, "operator")),
            ([{"or": [{"field": "a"}, {"not": {"field": "a", "operator": "?"}}]}], (0, "or", 1, "not", "operator")),
            ([[{"field": "a"}, [{"field": "a", "operator": "?"}]]], (0, 1, 0, "operator")),
        ],
    )
    def test_places_are_the_callers(self, filters: object, loc: tuple[str | int, ...]) -> None:
        assert only({"source": "t", "filters": filters}).loc == ("filters", *loc)
        measure = {"aggregate": "count", "filters": filters}
        assert only({"source": "t", "measures": [measure]}).loc == ("measures", 0, "filters", *loc)

    @pytest.mark.parametrize("measure", ["summ(total)", {"aggregate": "summ", "field": "total"}])
    def test_unknown_aggregate(self, measure: object) -> None:
        issue = only({"source": "t", "measures": ["count", measure]})
        assert issue.code is IssueCode.UNKNOWN_AGGREGATE
        assert issue.loc[:2] == ("measures", 1)
        assert issue.hint is not None
        assert issue.hint.startswith('Did you mean "sum"? ')

    def test_unknown_granularity(self) -> None:
        issue = only({"source": "t", "dimensions": [{"field": "a", "granularity": "monthly"}]})
        assert (issue.loc, issue.code) == (("dimensions", 0, "granularity"), IssueCode.UNKNOWN_GRANULARITY)
        assert (issue.hint or "").startswith('Did you mean "month"? ')

    @pytest.mark.parametrize(
        ("data", "loc", "near"),
        [
            ({"filter": []}, ("filter",), "filters"),
            ({"dimensions": [{"field": "a", "granularty": "day"}]}, ("dimensions", 0, "granularty"), "granularity"),
            ({"columns": [{"field": "a", "nam": "b"}]}, ("columns", 0, "nam"), "name"),
            ({"measures": [{"aggregate": "count", "filtes": []}]}, ("measures", 0, "filtes"), "filters"),
            ({"order_by": [{"field": "a", "descendin": True}]}, ("order_by", 0, "descendin"), "descending"),
            ({"filters": [{"field": "a", "operatr": "eq"}]}, ("filters", 0, "operatr"), "operator"),
            ({"filters": [{"and": [], "nad": []}]}, ("filters", 0, "nad"), "and"),
            ({"filters": [{"exists": "lines", "filter": []}]}, ("filters", 0, "filter"), "filters"),
            (
                {"filters": {"not": {"exists": "lines", "filters": [{"field": "a", "vale": 1}]}}},
                ("filters", "not", "filters", 0, "vale"),
                "value",
            ),
            ({"calculations": [{"name": "a", "expresion": "1"}]}, ("calculations", 0, "expresion"), "expression"),
            ({"dimensions": [{"path": ["a"], "pth": 1}]}, None, None),
            ({"group_by": ["a"]}, ("group_by",), "dimensions"),
            ({"where": []}, ("where",), "filters"),
            ({"filters": [{"field": "a", "op": "="}]}, ("filters", 0, "op"), "operator"),
            ({"order_by": [{"field": "a", "direction": "desc"}]}, ("order_by", 0, "direction"), "descending"),
        ],
    )
    def test_unknown_key(self, data: dict[str, Any], loc: tuple[str | int, ...] | None, near: str | None) -> None:
        found = [issue for issue in issues({"source": "t", **data}) if issue.code is IssueCode.UNKNOWN_KEY]
        assert found
        if loc is not None:
            assert found[0].loc == loc
            assert (found[0].hint or "").startswith(f'Did you mean "{near}"? ')

    def test_what_is_no_condition_is_shown_one(self) -> None:
        (issue,) = issues({"source": "t", "filters": {"status": "paid"}})
        assert (issue.hint or "").startswith('A condition is {"field": …, "operator": …, "value": …}. Known are ')

    def test_an_expression_is_refused_in_one_sentence(self) -> None:
        found = issues({"source": "t", "measures": [{"aggregate": "sum", "expression": "a; drop table"}]})
        assert [issue.message for issue in found if ".." in issue.message] == []

    @pytest.mark.parametrize(
        ("data", "loc", "code"),
        [
            ({"source": "t", "limit": -1}, ("limit",), IssueCode.VALUE_OUT_OF_RANGE),
            ({"source": "t", "limit": 2**31}, ("limit",), IssueCode.VALUE_OUT_OF_RANGE),
            ({"source": "t", "offset": 10**30}, ("offset",), IssueCode.VALUE_OUT_OF_RANGE),
            ({"source": "t", "limit": "many"}, ("limit",), IssueCode.INVALID),
            ({"source": "t", "limit": Decimal("1.5")}, ("limit",), IssueCode.INVALID),
            ({"source": "t", "measures": [{"field": "a"}]}, ("measures", 0, "aggregate"), IssueCode.MISSING),
            ({"source": 5}, ("source",), IssueCode.INVALID),
            ({"source": ""}, ("source",), IssueCode.INVALID),
            ({"source": {"path": []}}, ("source", "path"), IssueCode.INVALID),
            ({"source": "t", "measures": "count"}, ("measures",), IssueCode.INVALID),
            ({"source": "t", "measures": [5]}, ("measures", 0), IssueCode.INVALID),
            ({"source": "t", "dimensions": [None]}, ("dimensions", 0), IssueCode.INVALID),
            ({"source": "t", "filters": "a = 1"}, ("filters",), IssueCode.INVALID),
            ({"source": "t", "filters": [{"or": 5}]}, ("filters", 0, "or"), IssueCode.INVALID),
            ({"source": "t", "filters": [{"operator": "eq", "value": 1}]}, ("filters", 0), IssueCode.MISSING),
            (
                {"source": "t", "filters": [{"field": "a", "value": float("nan")}]},
                ("filters", 0, "value"),
                IssueCode.INVALID_VALUE,
            ),
            (
                {"source": "t", "measures": [{"aggregate": "percentile", "p": 5}]},
                ("measures", 0, "p"),
                IssueCode.VALUE_OUT_OF_RANGE,
            ),
        ],
    )
    def test_reasons(self, data: dict[str, Any], loc: tuple[str | int, ...], code: IssueCode) -> None:
        issue = only(data)
        assert (issue.loc, issue.code) == (loc, code)

    def test_every_reason_is_said_at_once(self) -> None:
        found = issues(
            {"measures": ["summ(a)"], "limit": -1, "filters": [{"field": "a", "operator": "?"}], "surce": "t"}
        )
        assert {issue.loc for issue in found} == {
            ("measures", 0),
            ("limit",),
            ("filters", 0, "operator"),
            ("surce",),
        }

    def test_a_long_word_is_not_repeated_in_full(self) -> None:
        assert len(only({"source": "t", "filters": {"field": "a", "operator": "x" * 10_000}}).message) < 200

    def test_issues_are_bounded(self) -> None:
        assert len(issues({"source": "t", **{f"key{i}": 1 for i in range(1000)}})) == 100


def test_the_schema_of_a_definition_can_be_written() -> None:
    schema = QueryDefinition.model_json_schema()["$defs"]["QueryDefinition"]
    assert "required" not in schema, "a query may have measures alone, each of its own table"
    assert {"dimensions", "measures", "filters", "order_by", "limit"} <= set(schema["properties"])

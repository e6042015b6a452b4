"""What parses as an expression, and what is refused by name. Nothing outside the closed list may come through."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.query.expressions import ExpressionError, parse_expression
from prismiq.query.expressions.tree import Call, Case, Cast, Constant, Interval, Name, Operation, Value, Window
from prismiq.schema.types import DataType

x, y = Name(("x",)), Name(("y",))
READ = {
    "x + y * 2": Operation("+", (x, Operation("*", (y, Value(2))))),
    "(x + y) * 2": Operation("*", (Operation("+", (x, y)), Value(2))),
    "x - y - 1": Operation("-", (Operation("-", (x, y)), Value(1))),
    "a.b.c.d.e.f": Name(("a", "b", "c", "d", "e", "f")),
    '"odd name"."b.c"': Name(("odd name", "b.c")),
    "x is not null": Operation("not", (Operation("is null", (x,)),)),
    "x is not true": Operation("not", (Operation("is true", (x,)),)),
    "x not like 'a%'": Operation("not", (Operation("like", (x, Value("a%"))),)),
    "x ~ '^a'": Operation("~", (x, Value("^a"))),
    "x !~* '^a'": Operation("not", (Operation("~*", (x, Value("^a"))),)),
    "x || y ~ 'a'": Operation("~", (Operation("||", (x, y)), Value("a"))),
    "x not in (1, 2)": Operation("not", (Operation("in", (x, Value(1), Value(2))),)),
    "x not between 1 and 2": Operation("not", (Operation("between", (x, Value(1), Value(2))),)),
    "not x and y": Operation("and", (Operation("not", (x,)), y)),
    "case x when 1 then 'a' end": Case(((Operation("=", (x, Value(1))), Value("a")),), None),
    "cast(x as numeric(10, 2))": Cast(x, DataType.NUMERIC, 10, 2),
    "x::bigint": Cast(x, DataType.BIGINT),
    "date '2026-01-31'": Cast(Value("2026-01-31"), DataType.DATE),
    "coalesce(x, y, 0)": Call("coalesce", (x, y, Value(0))),
    "extract(isodow from x)": Call("extract", (x,), "isodow"),
    "date_trunc('month', x)": Call("date_trunc", (x,), "month"),
    "x + interval '2 quarters'": Operation("+", (x, Interval("6 month"))),
    "x ->> 'k'": Operation("->>", (x, Value("k"))),
    "null": Constant(None),
    "count(*) over ()": Window("count", (), (), (), None),
    "rank() over (order by x desc)": Window("rank", (), (), ((x, True),), None),
}
REFUSED = [
    "(select 1)",
    "exists (select 1)",
    "x in (select 1)",
    "1; drop table t",
    "x as y",
    "*",
    "count(*)",
    "pg_sleep(1)",
    "pg_catalog.lower(x)",
    "set_config('a', 'b', false)",
    "current_setting('a')",
    "query_to_xml('select 1', true, true, '')",
    "generate_series(1, 10)",
    "lower",  # a field of that name is one; see below
    "x::regclass",
    "x::text[]",
    'x collate "C"',
    "x similar to 'a'",
    "regexp_like(x, 'a')",
    "x rlike 'a'",
    "x regexp 'a'",
    "x like 'a' escape '!'",
    "x between symmetric 1 and 2",
    "trim(both 'a' from x)",
    "sum(x)",
    "sum(distinct x) over ()",
    "sum(x) filter (where y) over ()",
    "sum(x) over w",
    "sum(x) over (order by y range between 1 preceding and current row)",
    "sum(x) over (order by y rows between 1 preceding and current row exclude ties)",
    "x = any(array[1])",
    "array[1, 2]",
    "row(1, 2)",
    "x[1]",
    "$1",
    ":name",
    "{{x}}",
    "$$text$$",
    "e'\\n'",
    "U&'\\0041'",
    "b'1'",
    "x'1f'",
    "x -- comment",
    "x /* comment */",
    "interval '1 year 2 months'",
    "interval '1.5 days'",
    "date_trunc('month', x, 'UTC')",
    "x at time zone 'UTC'",
    "now()",
    "current_user",
    "x union select 1",
    "",
    "1 +",
    "((((x))",
]


@pytest.mark.parametrize("text", READ, ids=str)
def test_what_is_read(text: str) -> None:
    assert parse_expression(text) == READ[text]


@pytest.mark.parametrize("text", [each for each in REFUSED if each != "lower"], ids=str)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse_expression(text)
    assert str(error.value)
    assert "sqlglot" not in str(error.value)
    assert "TokenType" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x +", 'at its end, "+"'),
        ("x, y", 'at ",", column 2'),
        ("x; drop table", 'at its end, "table"'),
        ("x = 'a", "a quote is not closed"),
        ("sum(x) / count(*)", "`aggregate`"),
        ("lag(x)", '"lag" needs an OVER'),
        ("x > now()", "`in_period`"),
        ("x ? 'a'", "JSONBContainsTopKey is not part"),
    ],
)
def test_a_refusal_says_where_or_what_instead(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse_expression(text)
    assert said in str(error.value)


def test_a_function_s_name_alone_is_a_field() -> None:
    assert parse_expression("lower") == Name(("lower",))


def test_what_is_near_is_named() -> None:
    with pytest.raises(ExpressionError, match="upper"):
        parse_expression("uper(x)")


@pytest.mark.parametrize(
    "text", ["(" * 90 + "x" + ")" * 90, "not " * 200 + "x", "-" * 300 + "1", "x" * 5000, "1" * 3999]
)
def test_depth_and_length_are_bounded(text: str) -> None:
    try:
        parse_expression(text)
    except ExpressionError as error:
        assert len(str(error)) < 500


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        parse_expression(text)


TOKENS = ["x", "1", "'a'", "(", ")", "+", "-", "*", "/", ",", "and", "not", "is", "null", "case", "when", "then", "end"]
TOKENS += ["in", "over", "lower", "sum", "::", "int", "->", "select", ";"]


@given(st.lists(st.sampled_from(TOKENS), max_size=12))
def test_any_tokens_are_read_or_refused(tokens: list[str]) -> None:
    with contextlib.suppress(ExpressionError):
        parse_expression(" ".join(tokens))

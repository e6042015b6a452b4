"""Text → tree, by sqlglot and an allow-list.

sqlglot reads far more SQL than there is here; each of its nodes is looked up in a table, and one that is not in it is
refused by name. Nothing of the text reaches SQL: only the tree does, and it has no node for anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

from sqlglot import TokenType, exp, parse, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expression

from prismiq.query.expressions.functions import FUNCTIONS, PARTS, UNITS, WINDOWS
from prismiq.query.expressions.grammar import BINARY, CALLS, KEYS, PLAIN_KEYS, TYPES, WINDOW_NAMES
from prismiq.query.expressions.refusals import ExpressionError, reason, refusal
from prismiq.query.expressions.tree import (
    Bound,
    Call,
    Case,
    Cast,
    Constant,
    Interval,
    Literals,
    Name,
    Operation,
    Operator,
    Tree,
    Value,
    Window,
)
from prismiq.schema.types import DataType

MAX_LENGTH = 4000
MAX_DEPTH = 60
MAX_TOKENS = 1000
MAX_PARENTHESES = 100

Parsed = Tree[Literals]


@lru_cache(maxsize=2000)
def parse_expression(text: str) -> Parsed:
    """The tree of an expression. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"An expression may have {MAX_LENGTH} characters at most.")
    if text.count("(") > MAX_PARENTHESES:
        raise ExpressionError(f"An expression may have {MAX_PARENTHESES} parentheses at most.")
    if "--" in text or "/*" in text:
        raise ExpressionError("An expression may have no comments.")
    try:
        _check_tokens(text)
        found = parse(text, dialect="postgres")
    except (SqlglotError, RecursionError) as error:
        raise ExpressionError(f"This is not an expression: {reason(error)}") from None
    if len(found) != 1 or found[0] is None:
        raise ExpressionError("One expression is expected.")
    return _read(cast("Expression", found[0]), 0)


def _check_tokens(text: str) -> None:
    """What sqlglot would read at great length, or read and drop a part of."""
    tokens = tokenize(text, dialect="postgres")
    if len(tokens) > MAX_TOKENS:
        raise ExpressionError(f"An expression may have {MAX_TOKENS} words and signs at most.")
    for token, following in pairwise(tokens):
        if token.token_type is TokenType.L_BRACKET:
            raise ExpressionError("An expression has no brackets; `->` steps into JSON.")
        if token.text.lower() == "mod" and following.token_type is TokenType.L_PAREN:
            raise ExpressionError("mod is written as an operator: x % y.")
        called = token.text.lower().startswith("regexp_") and following.token_type is TokenType.L_PAREN
        if called or (token.token_type in (TokenType.RLIKE, TokenType.IRLIKE) and token.text not in ("~", "~*")):
            raise ExpressionError("A regular expression is matched by an operator: ~, ~*, !~ or !~*.")


def _read(node: Expression, depth: int) -> Parsed:
    if depth > MAX_DEPTH:
        raise ExpressionError("The expression is nested too deeply.")
    kind = type(node)
    read = KEYS.get(kind) or (frozenset(CALLS[kind][1]) if kind in CALLS else PLAIN_KEYS)
    unread = {key for key, value in node.args.items() if value} - read
    if unread and type(node) in _KNOWN:
        raise ExpressionError(f"{type(node).__name__} takes no {', '.join(sorted(unread)).upper()} in expressions.")
    reader = _READERS.get(type(node))
    if reader is not None:
        return reader(node, depth + 1)
    operator = BINARY.get(type(node))
    if operator is not None:
        found: Parsed = Operation(operator, (_part(node, "this", depth), _part(node, "expression", depth)))
        return Operation("not", (found,)) if node.args.get("negate") else found
    function = CALLS.get(type(node))
    if function is not None:
        name, keys = function
        return _call(name, [part for key in keys for part in _parts(node, key, depth)])
    raise ExpressionError(refusal(node))


def _part(node: Expression, key: str, depth: int) -> Parsed:
    part: Any = node.args.get(key)
    if not isinstance(part, Expression):
        raise ExpressionError(f"{type(node).__name__} is not complete.")
    return _read(part, depth + 1)


def _parts(node: Expression, key: str, depth: int) -> list[Parsed]:
    value: Any = node.args.get(key)
    if value is None:
        return []
    found = cast("list[object]", value if isinstance(value, list) else [value])
    return [_read(part, depth + 1) for part in found if isinstance(part, Expression)]


def _call(name: str, arguments: list[Parsed], unit: str | None = None) -> Parsed:
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ExpressionError(f"{name} takes {wanted} arguments, not {len(arguments)}.")
    return Call(name, tuple(arguments), unit)


def _column(node: Expression, _: int) -> Parsed:
    names: list[str] = []
    part: Any = node
    while isinstance(part, exp.Dot):
        names.insert(0, part.expression.name)
        part = part.this  # a path of more than four names
    if not isinstance(part, exp.Column) or isinstance(part.this, exp.Star):
        raise ExpressionError(refusal(node))
    names = [each.name for each in part.parts] + names
    return Name(tuple(names))


def _literal(node: Expression, _: int) -> Parsed:
    text: str = node.name
    if node.args.get("is_string"):
        return Value(text)
    try:
        return Value(int(text)) if text.isdigit() else Value(Decimal(text))
    except (InvalidOperation, ValueError):
        raise ExpressionError(f"{text[:40]} is beyond all numbers.") from None


def _boolean(node: Expression, _: int) -> Parsed:
    return Constant(bool(node.args.get("this")))


def _is(node: Expression, depth: int) -> Parsed:
    asked, part = node.args.get("expression"), (_part(node, "this", depth),)
    if isinstance(asked, exp.Null):
        found: Parsed = Operation("is null", part)
    elif isinstance(asked, exp.Boolean):
        found = Operation("is true" if asked.this else "is false", part)
    else:
        raise ExpressionError("IS asks for NULL, TRUE or FALSE.")
    return Operation("not", (found,)) if node.args.get("negate") else found


def _in(node: Expression, depth: int) -> Parsed:
    if node.args.get("query") is not None or not node.args.get("expressions"):
        raise ExpressionError("IN takes a list of values; a nested query is a filter's `query`.")
    return Operation("in", (_part(node, "this", depth), *_parts(node, "expressions", depth)))


def _between(node: Expression, depth: int) -> Parsed:
    return Operation("between", tuple(_part(node, key, depth) for key in ("this", "low", "high")))


def _case(node: Expression, depth: int) -> Parsed:
    subject = node.args.get("this")
    branches: list[tuple[Parsed, Parsed]] = []
    for branch in cast("list[Expression]", node.args.get("ifs") or []):
        when, then = _part(branch, "this", depth), _part(branch, "true", depth)
        if isinstance(subject, Expression):
            when = Operation("=", (_read(subject, depth + 1), when))
        branches.append((when, then))
    default = node.args.get("default")
    return Case(tuple(branches), _read(default, depth + 1) if isinstance(default, Expression) else None)


def _cast(node: Expression, depth: int) -> Parsed:
    to = cast("exp.DataType", node.args["to"])
    kind = TYPES.get(to.this)
    if kind is None or to.args.get("nested"):
        names = ", ".join(sorted({str(each) for each in TYPES.values()}))
        raise ExpressionError(f'There is no cast to "{to.sql("postgres").lower()}". There are: {names}.')
    sizes = [int(each.name) for each in cast("list[Expression]", to.expressions)]
    if kind is not DataType.NUMERIC:
        sizes = []
    precision, scale = (*sizes, None, None)[:2]
    return Cast(_part(node, "this", depth), kind, precision, 0 if sizes and scale is None else scale)


def _json(operator: Operator) -> Callable[[Expression, int], Parsed]:
    def read(node: Expression, depth: int) -> Parsed:
        path = node.args.get("expression")
        left = _part(node, "this", depth)
        if not isinstance(path, exp.JSONPath):
            return Operation(operator, (left, _part(node, "expression", depth)))
        steps = [each for each in path.expressions if not isinstance(each, exp.JSONPathRoot)]
        if len(steps) != 1 or not isinstance(steps[0], exp.JSONPathKey | exp.JSONPathSubscript):
            raise ExpressionError("-> and ->> take one key or one position.")
        key: Any = steps[0].this
        return Operation(operator, (left, Value(key if isinstance(key, str | int) else str(key))))

    return read


def _date_trunc(node: Expression, depth: int) -> Parsed:
    unit = str(node.args["unit"].name).lower()
    if unit not in UNITS or node.args.get("zone") is not None:
        raise ExpressionError(f"date_trunc takes one of {', '.join(UNITS)}; the time zone is the query's.")
    return _call("date_trunc", [_part(node, "this", depth)], unit)


def _extract(node: Expression, depth: int) -> Parsed:
    part = PARTS.get(str(node.this.name).lower())
    if part is None:
        raise ExpressionError(f"extract takes one of {', '.join(dict.fromkeys(PARTS.values()))}.")
    return _call("extract", [_part(node, "expression", depth)], part)


def _interval(node: Expression, _: int) -> Parsed:
    amount, unit = node.args.get("this"), node.args.get("unit")
    name = "" if unit is None else str(unit.name).lower().removesuffix("s")
    if not isinstance(amount, exp.Literal) or not amount.name.lstrip("-").isdigit() or name not in UNITS:
        raise ExpressionError("An interval is a whole number and a unit: interval '3 months'.")
    if len(amount.name) > 7:
        raise ExpressionError("The interval is too long.")
    days = 3 if name == "quarter" else 1
    return Interval(f"{int(amount.name) * days} {'month' if name == 'quarter' else name}")


def _window(node: Expression, depth: int) -> Parsed:
    call = node.this
    name = WINDOW_NAMES.get(cast("type[Expression]", type(call)))
    if name is None or node.args.get("alias") is not None:
        raise ExpressionError(f"OVER follows one of {', '.join(WINDOWS)}.")
    rows = isinstance(call, exp.Count) and isinstance(call.this, exp.Star)
    arguments = [] if rows else [part for key in ("this", "offset", "default") for part in _parts(call, key, depth)]
    least, most = WINDOWS[name]
    if not least <= len(arguments) <= most or call.args.get("distinct"):
        raise ExpressionError(f"{name} over a window does not take these arguments.")
    order: list[tuple[Parsed, bool]] = []
    sort = node.args.get("order")
    for key in cast("list[Expression]", sort.expressions if isinstance(sort, exp.Order) else []):
        order.append((_part(key, "this", depth), bool(key.args.get("desc"))))
    partition = tuple(_parts(node, "partition_by", depth))
    return Window(name, tuple(arguments), partition, tuple(order), _frame(node.args.get("spec")))


def _frame(spec: Any) -> tuple[Bound, Bound] | None:
    if spec is None:
        return None
    if str(spec.args.get("kind")).upper() != "ROWS" or spec.args.get("exclude"):
        raise ExpressionError("A frame is given in ROWS: rows between 2 preceding and current row.")
    start = _bound(spec.args.get("start"), spec.args.get("start_side"))
    end = _bound(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"))
    return start, end


def _bound(value: Any, side: Any) -> Bound:
    where = "following" if str(side).upper() == "FOLLOWING" else "preceding"
    if str(value).upper() == "CURRENT ROW":
        return Bound("preceding", 0)
    if str(value).upper() == "UNBOUNDED":
        return Bound(where, None)
    if isinstance(value, exp.Literal) and value.name.isdigit() and len(value.name) < 7:
        return Bound(where, int(value.name))
    raise ExpressionError("A frame's end is a number of rows, UNBOUNDED or CURRENT ROW.")


def _unary(operator: Operator) -> Callable[[Expression, int], Parsed]:
    return lambda node, depth: Operation(operator, (_part(node, "this", depth),))


def _anonymous(node: Expression, depth: int) -> Parsed:
    """A function that sqlglot has no node for, where it is on the list."""
    name: str = node.name.lower()
    if name not in FUNCTIONS or name in _UNIT_FUNCTIONS:
        raise ExpressionError(refusal(node))
    return _call(name, _parts(node, "expressions", depth))


def _round(name: str) -> Callable[[Expression, int], Parsed]:
    return lambda node, depth: _call(name, [*_parts(node, "this", depth), *_parts(node, "decimals", depth)])


_READERS: Mapping[type[Expression], Callable[[Expression, int], Parsed]] = {
    exp.Column: _column,
    exp.Dot: _column,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: lambda _node, _depth: Constant(None),
    exp.Paren: lambda node, depth: _part(node, "this", depth),
    exp.Not: _unary("not"),
    exp.Neg: _unary("negate"),
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.JSONExtract: _json("->"),
    exp.JSONExtractScalar: _json("->>"),
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.Extract: _extract,
    exp.Interval: _interval,
    exp.Window: _window,
    exp.Anonymous: _anonymous,
    exp.Round: _round("round"),
    exp.Trunc: _round("trunc"),
}
_UNIT_FUNCTIONS = frozenset({"date_trunc", "extract"})
_KNOWN = frozenset({*_READERS, *BINARY, *CALLS})

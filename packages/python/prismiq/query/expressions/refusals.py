"""What is said of a text that is no expression: where it goes wrong, and what is written instead."""

from __future__ import annotations

from difflib import get_close_matches

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.expressions.core import Expression

from prismiq.query.expressions.functions import FUNCTIONS, WINDOWS

_CLOCKS = frozenset({"current_timestamp", "current_date", "current_time", "localtimestamp", "localtime"})


class ExpressionError(ValueError):
    """The text is not an expression of the closed language; the message says what and what is near."""


def reason(error: Exception) -> str:
    """Where it goes wrong. What the parser says beyond that is about its own classes."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply."
    if isinstance(error, TokenError):
        return "a quote is not closed, or a sign is not known."
    if not isinstance(error, ParseError) or not error.errors:
        return "it breaks off."
    place = error.errors[0]
    word = place["highlight"][:40]
    if not place["end_context"]:
        return f'it breaks off, or goes wrong, at its end, "{word}".'
    return f'it goes wrong at "{word}", column {place["col"]}.'


def refusal(node: Expression) -> str:
    """Why a part of what was parsed is not part of expressions."""
    if isinstance(node, exp.Func) and not isinstance(node, exp.Binary):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        if name in ("count", "sum", "avg", "min", "max", "median"):
            what = "a measure names it as its `aggregate`, and a ratio of measures is one of the `calculations`"
            return f'"{name}" is an aggregate: {what}.'
        if name in WINDOWS:
            return f'"{name}" needs an OVER.'
        if name in _CLOCKS:
            return "An expression has no clock; a filter's `in_period` has."
        near = get_close_matches(name, [*FUNCTIONS, *WINDOWS], n=2)
        hint = f" Near to it: {', '.join(near)}." if near else f" There are: {', '.join(FUNCTIONS)}."
        return f'There is no function "{name}" in expressions.{hint}'
    if isinstance(node, exp.Subquery | exp.Select | exp.Exists):
        return "An expression has no subquery; a nested query is a source or a filter's `query`."
    return f"{type(node).__name__} is not part of expressions."

"""What Pydantic says about a definition, in our words and at the caller's own places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from prismiq.calendars import Weekday
from prismiq.errors import Issue, IssueCode, Location
from prismiq.query.bins import Bins
from prismiq.query.definition import (
    Aggregate,
    Calculation,
    Comparison,
    Dimension,
    Granularity,
    Join,
    JoinPair,
    Measure,
    Metric,
    NamedDimension,
    NestedQuery,
    OrderBy,
    QueryDefinition,
)
from prismiq.query.fields import Path
from prismiq.query.filters import And, Condition, Exists, Not, Operator, Or
from prismiq.query.stages import Pivot, Top

Place = Sequence[str | int]
"""Where Pydantic finds something wrong, with the names of the variants that it tried."""

MAX_READ = 300
"""Of Pydantic's errors, so that a body of nothing but errors is told of in no time."""
MAX_ISSUES = 100
"""More help nobody."""

_CHOICES: dict[str, tuple[IssueCode, type[Enum]]] = {
    "operator": (IssueCode.UNKNOWN_OPERATOR, Operator),
    "aggregate": (IssueCode.UNKNOWN_AGGREGATE, Aggregate),
    "granularity": (IssueCode.UNKNOWN_GRANULARITY, Granularity),
    "week_start": (IssueCode.INVALID, Weekday),
}
_OTHER_WORDS = {
    "=": "eq", "==": "eq", "equals": "eq", "is": "eq", "!=": "neq", "<>": "neq", "ne": "neq",
    ">": "gt", ">=": "gte", "ge": "gte", "<": "lt", "<=": "lte", "le": "lte", "nin": "not_in", "null": "is_null",
    "average": "avg", "mean": "avg", "total": "sum", "countd": "count_distinct", "distinct": "count_distinct",
    "op": "operator", "column": "field", "values": "value", "agg": "aggregate", "function": "aggregate",
    "alias": "name", "table": "source", "from": "source", "select": "columns", "where": "filters",
    "group_by": "dimensions",
    "metrics": "measures", "sort": "order_by", "sort_by": "order_by", "desc": "descending", "direction": "descending",
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year", "hourly": "hour",
}  # fmt: skip
# The models by the name under which Pydantic's places mention them, and by the list that holds them.
_MODELS: dict[str, type[BaseModel]] = {
    "Path": Path,
    "and": And,
    "or": Or,
    "not": Not,
    "exists": Exists,
    "condition": Condition,
    "dimensions": Dimension,
    "columns": Dimension,
    "measures": Measure,
    "calculations": Calculation,
    "compare": Comparison,
    "order_by": OrderBy,
    "top": Top,
    "pivot": Pivot,
    "joins": Join,
    "on": JoinPair,
    "nested": NestedQuery,
    "bins": Bins,
}
_TAGS = frozenset({"and", "or", "not", "exists", "condition"})
_OBJECT_HINT = "See the documentation's page on queries for its form."
_INTEGER_HINT = "Write a whole number."
_RANGE_HINT = "Choose a number in this range."
# What is said of Pydantic's kinds of error, and the way out.
_SAID: dict[str, tuple[str, str]] = {
    "string_type": ("must be text", "Write a name in quotes."),
    "string_too_short": ("must not be empty", "Name something, or leave it out."),
    "string_too_long": ("is too long: at most {max_length} characters", "Shorten it."),
    "too_short": ("must not be empty", "Name something, or leave it out."),
    "too_long": ("is too long: at most {max_length} items", "Shorten it."),
    "tuple_type": ("must be a list", "Put brackets around it."),
    "model_type": ("must be an object", _OBJECT_HINT),
    "model_attributes_type": ("must be an object", _OBJECT_HINT),
    "bool_type": ("must be true or false", "Write true or false without quotes."),
    "bool_parsing": ("must be true or false", "Write true or false without quotes."),
    "int_type": ("must be an integer", _INTEGER_HINT),
    "int_parsing": ("must be an integer", _INTEGER_HINT),
    "int_from_float": ("must be an integer", _INTEGER_HINT),
    "float_type": ("must be a number", "Write it without quotes."),
    "float_parsing": ("must be a number", "Write it without quotes."),
    "decimal_type": ("must be a number", "Write it without quotes."),
    "decimal_parsing": ("must be a number", "Write it without quotes."),
    "finite_number": ("must be a finite number", _RANGE_HINT),
    "greater_than": ("must be greater than {gt}", _RANGE_HINT),
    "greater_than_equal": ("must be at least {ge}", _RANGE_HINT),
    "less_than": ("must be less than {lt}", _RANGE_HINT),
    "less_than_equal": ("must be at most {le}", _RANGE_HINT),
    "int_parsing_size": ("is out of range", _RANGE_HINT),
    "literal_error": ("must be {expected}", "Choose one of them."),
    "union_tag_not_found": ("has no {discriminator}", "Add it."),
    "union_tag_invalid": ("has the {discriminator} '{tag}', which is none of {expected_tags}", "Choose one of them."),
    "dict_type": ("must be an object", "Write names and values in braces."),
    "list_type": ("must be a list", "Put brackets around it."),
    "string_pattern_mismatch": ("is not of the form {pattern}", "Use only letters, digits and hyphens."),
    "recursion_loop": ("is nested in itself", "Build it without the loop."),
}
_OWN = frozenset(code.value for code in IssueCode)
_RANGES = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal", "int_parsing_size"})
_WRONG_KIND = frozenset({"string_type", "model_type", "model_attributes_type", "too_short"})


def complaints(
    error: ValidationError,
    content: Mapping[str, Any],
    *,
    model_at: Callable[[Place], type[BaseModel]] | None = None,
    without_variants: Callable[[Place], Place] = tuple,
) -> list[Issue]:
    """The reasons of a validation error, one for each place.

    `model_at` says which model an object at Pydantic's place is; the parts of a query by default. `without_variants`
    takes names of variants out of Pydantic's place, where they could be taken for keys.
    """
    found = [
        (_place(without_variants(details["loc"]), details, content), details)
        for details in error.errors(include_url=False)[:MAX_READ]
    ]
    issues: dict[tuple[Location, IssueCode], Issue] = {}
    for loc, details in found:
        if details["type"] in _WRONG_KIND and _explained(loc, details, found):
            continue
        issue = _issue(loc, details, model_at or _model)
        issues.setdefault((issue.loc, issue.code), issue)
    return list(issues.values())[:MAX_ISSUES]


def _place(steps: Place, details: ErrorDetails, content: object) -> Location:
    """The place as the caller wrote it: without the names that Pydantic gives to the variants it tried."""
    place: list[str | int] = []
    after_tag = False
    for step in steps:
        after_tag = step in _TAGS and not after_tag  # every node of a filter tree is announced by its tag
        if after_tag:
            continue
        if isinstance(content, Mapping):
            held = cast("Mapping[object, object]", content)
            if step in held:
                place.append(step)
                content = held[step]
        elif isinstance(content, list | tuple) and isinstance(step, int):
            items = cast("Sequence[object]", content)
            if step < len(items):
                place.append(step)
                content = items[step]
    if _is_missing_key(details):
        place.append(details["loc"][-1])
    return tuple(place)


def _is_missing_key(details: ErrorDetails) -> bool:
    """Whether Pydantic, and not a validator of ours, missed a key: the last step of the place is its name."""
    return details["type"] == "missing" and details["msg"] == "Field required"


def _explained(loc: Location, details: ErrorDetails, found: Iterable[tuple[Location, ErrorDetails]]) -> bool:
    """Whether another reason at this place or inside it says more than that the value is of the wrong kind."""
    return any(
        other is not details and other["type"] not in _WRONG_KIND - {"too_short"} and place[: len(loc)] == loc
        for place, other in found
    )


def _issue(loc: Location, details: ErrorDetails, model_at: Callable[[Place], type[BaseModel]]) -> Issue:
    kind, value = details["type"], details["input"]
    # The last step of Pydantic's own place: a shorthand such as "summ(total)" has it inside its text.
    key = str(details["loc"][-1]) if details["loc"] else ""
    if _is_missing_key(details):
        return Issue(loc, IssueCode.MISSING, f'"{key}" is missing.', "Add it.")
    if kind in _OWN:  # a validator of ours, which says it in its own words
        return Issue(loc, IssueCode(kind), details["msg"], _OBJECT_HINT)
    if kind in ("extra_forbidden", "invalid_key"):
        return _unknown_key(loc, details, model_at(details["loc"][:-1]))
    if kind == "enum" and key in _CHOICES:
        code, choices = _CHOICES[key]
        return _unknown_word(loc, code, key, value, [str(choice.value) for choice in choices])
    code = IssueCode.VALUE_OUT_OF_RANGE if kind in _RANGES else IssueCode.INVALID
    name = f'"{loc[-1]}"' if loc and isinstance(loc[-1], str) else "This"
    if kind not in _SAID:
        return Issue(loc, code, f"{name} is not valid: {details['msg'].rstrip('.')}.", _OBJECT_HINT)
    message, hint = _SAID[kind]
    bounds = {key: _whole(bound) for key, bound in details.get("ctx", {}).items()}
    return Issue(loc, code, f"{name} {message.format(**bounds)}{_not(value)}.", hint)


def _unknown_key(loc: Location, details: ErrorDetails, model: type[BaseModel]) -> Issue:
    key = str(details["loc"][-1])
    known = [field.alias or name for name, field in model.model_fields.items()]
    hint = choose(key, known)
    if model is Condition and hint.startswith("Known"):
        hint = f'A condition is {{"field": …, "operator": …, "value": …}}. {hint}'
    return Issue(loc, IssueCode.UNKNOWN_KEY, f'"{_short(key)}" is not known here.', hint)


def _model(loc: Place) -> type[BaseModel]:
    """Which model an object at Pydantic's place is."""
    for step in reversed(loc):
        if step == "by name":
            return NamedDimension if loc[0] in ("dimensions", "columns") else Metric
        if isinstance(step, str) and step != "written out":
            return _MODELS.get(step, QueryDefinition)
    return QueryDefinition


def _unknown_word(loc: Location, code: IssueCode, what: str, value: object, known: list[str]) -> Issue:
    if not isinstance(value, str):
        return Issue(loc, code, f'"{what}" must be text.', f"Known are {', '.join(known)}.")
    return Issue(loc, code, f'There is no {what} "{_short(value)}".', choose(value, known))


def choose(word: str, known: list[str]) -> str:
    """A hint at the words that are known, the one that was meant first."""
    lowered = word.lower()
    meant = [_OTHER_WORDS[lowered]] if _OTHER_WORDS.get(lowered) in known else get_close_matches(lowered, known, n=1)
    near = f'Did you mean "{meant[0]}"? ' if meant else ""
    return f"{near}Known are {', '.join(known)}."


def _whole(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _not(value: object) -> str:
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    shown = isinstance(value, str | int | float | Decimal) and value != ""
    return f", not {_short(str(value))}" if shown else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"

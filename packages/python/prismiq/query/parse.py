"""Reads a definition as it comes in: checks its size, then its form, and says everything that is wrong with it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from prismiq.errors import Issue, IssueCode, Location, PayloadTooLargeError, QueryError
from prismiq.query.complaints import complaints
from prismiq.query.definition import QueryDefinition
from prismiq.query.fields import as_items
from prismiq.settings import Settings

MAX_DIGITS = 4_000
"""Digits of an integer; Python itself refuses 4,300."""

_FILTERS = frozenset({"filters", "having"})
_OUTPUTS = frozenset({"dimensions", "measures", "calculations", "columns"})

MAX_EXPRESSIONS = 20_000
"""Characters of all expressions of one definition: reading them takes longer than reading JSON."""


def read_definition(data: bytes | str | Mapping[str, Any] | QueryDefinition, limits: Settings) -> QueryDefinition:
    """The definition that JSON bytes, JSON text or plain data hold. Numbers keep every digit.

    Raises QueryError with every reason found, PayloadTooLargeError for more bytes than `limits.max_body_bytes`.
    """
    content = load(data, limits)
    check_content(content, limits)
    return definition_of(content)


def load(data: bytes | str | Mapping[str, Any] | QueryDefinition, limits: Settings) -> object:
    """What the JSON holds, as data, not checked yet. Raises QueryError for what is no JSON, PayloadTooLargeError."""
    return _load(data, limits) if isinstance(data, bytes | str) else data


def is_small(data: object, limits: Settings) -> bool:
    """Whether a text cannot be too much of anything, nor hold a character that no database stores.

    There are no more values, conditions or levels in it than commas and brackets, and no NUL without an escape.
    """
    if not isinstance(data, bytes) or len(data) > MAX_EXPRESSIONS or b"\\u" in data:
        return False
    brackets = data.count(b"{") + data.count(b"[")
    most = min(limits.max_filters, limits.max_list_values, limits.max_outputs)
    return brackets <= limits.max_depth and data.count(b",") + brackets <= most


def check_content(content: object, limits: Settings) -> None:
    """Raises QueryError where there is too much of something, or what no database stores, with every reason."""
    issues = list(_excesses(content, limits))
    if issues:
        raise QueryError(issues)


def definition_of(content: object) -> QueryDefinition:
    """The definition that data holds. Raises QueryError."""
    if isinstance(content, QueryDefinition):
        return content
    if not isinstance(content, Mapping):
        raise _refusal("A query is an object.", 'It looks like {"source": "orders", "measures": ["count"]}.')
    try:
        return QueryDefinition.model_validate(content)
    except ValidationError as error:
        raise QueryError(complaints(error, cast("Mapping[str, Any]", content))) from None


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands where the JSON held something that cannot be taken, so that it is reported with its place."""

    code: IssueCode
    message: str
    hint: str


def _load(data: bytes | str, limits: Settings) -> object:
    # A text is at least as many bytes as characters; only a long one is worth counting.
    if len(data) > limits.max_body_bytes or (
        isinstance(data, str) and len(data.encode("utf-8", "replace")) > limits.max_body_bytes
    ):
        raise PayloadTooLargeError(
            f"The query is larger than {limits.max_body_bytes} bytes.", hint="Send fewer or shorter values."
        )
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(f"The query is not valid UTF-8: see byte {error.start}.", "Send it as UTF-8.") from None
    if not text.strip():
        raise _refusal("The query is empty.", 'It looks like {"source": "orders", "measures": ["count"]}.')
    try:
        return json.loads(
            text,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise _refusal(
            f"The query is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Check quotes, commas and brackets there.",
        ) from None
    except RecursionError:
        raise QueryError([_too_deep((), limits)]) from None


def _integer(digits: str) -> object:
    if len(digits) > MAX_DIGITS:
        return _Refused(
            IssueCode.VALUE_OUT_OF_RANGE, f"A number of {len(digits)} digits is out of range.", "Use a smaller number."
        )
    return int(digits)


def _decimal(text: str) -> object:
    try:
        return Decimal(text)
    except InvalidOperation:
        return _Refused(IssueCode.VALUE_OUT_OF_RANGE, "A number's exponent is out of range.", "Use a smaller exponent.")


def _constant(name: str) -> object:
    return _Refused(IssueCode.INVALID_VALUE, f"{name} is not a JSON value.", "Leave it out, or use is_null.")


def _object(pairs: list[tuple[str, object]]) -> object:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return _Refused(IssueCode.INVALID, f'"{key[:60]}" is written twice in one object.', "Keep one of them.")
        seen.add(key)
    raise AssertionError("unreachable: fewer keys than pairs means one came twice")


def _excesses(content: object, limits: Settings) -> Iterator[Issue]:
    """Everything that is too much or that no database stores.

    Walks the content once and without recursion, before anything recursive sees it.
    """
    conditions = expressions = outputs = keys = 0
    # What is left to look at: a value, its place, how deep it lies, and whether it belongs to a filter tree.
    left: list[tuple[object, Location, int, bool]] = [(content, (), 0, False)]
    while left:
        value, loc, depth, in_filter = left.pop()
        fields, items = _fields(value), _items(value)
        if fields is None and items is None:
            yield from _unfit(value, loc)
            continue
        if depth > limits.max_depth:
            yield _too_deep(loc, limits)
            return
        if fields is not None:
            conditions += in_filter
            for key in reversed(fields):
                item = fields[key]
                if key == "expression" and isinstance(item, str):
                    expressions += len(item)
                elif key in _OUTPUTS:  # of nested queries too
                    outputs += _length(item)
                elif key == "order_by":
                    keys += _length(item)
                if not _is_fit(key):
                    yield from _unfit(key, loc)
                if not _is_fit(item):
                    # A list is a level of its own only inside another list.
                    deeper = depth if _items(item) is not None else depth + 1
                    left.append((item, (*loc, key), deeper, key in _FILTERS or (in_filter and key != "value")))
        elif items is not None:
            if len(items) > limits.max_list_values and not in_filter:
                yield _too_many(loc, "values in a list", limits.max_list_values, len(items))
                continue
            if in_filter:  # what is no condition is refused one by one, which takes as long
                conditions += sum(_fields(item) is None for item in items)
            unsure = [(index, item) for index, item in enumerate(items) if not _is_fit(item)]
            left += [(item, (*loc, index), depth + 1, in_filter) for index, item in reversed(unsure)]
    if conditions > limits.max_filters:
        yield _too_many((), "conditions", limits.max_filters, conditions)
    if expressions > MAX_EXPRESSIONS:
        yield _too_many((), "characters of expressions", MAX_EXPRESSIONS, expressions)
    if outputs > limits.max_outputs:
        yield _too_many((), "outputs", limits.max_outputs, outputs)
    if keys > limits.max_outputs:
        yield _too_many(("order_by",), "sort keys", limits.max_outputs, keys)


def _is_fit(value: object) -> bool:
    """Whether nothing can be wrong with a value: most are plain text or integers."""
    if type(value) is str:
        return value.isascii() and "\0" not in value
    return value is None or type(value) is int or type(value) is bool


def _items(value: object) -> Sequence[object] | None:
    if isinstance(value, list):
        return cast("list[object]", value)
    if isinstance(value, set | frozenset):
        return list(cast("set[object]", value))
    return as_items(value)


def _length(value: object) -> int:
    return len(_items(value) or ())


def _fields(value: object) -> dict[str, object] | None:
    """What an object holds by key; a model's under the keys of its JSON."""
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    if isinstance(value, BaseModel):
        return {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
    return dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else None


def unfit_text(text: str, loc: Location) -> Iterator[Issue]:
    """What PostgreSQL cannot store of a text."""
    if "\0" in text:
        message, hint = "A text holds a NUL character.", "PostgreSQL stores none; remove it."
        yield Issue(loc, IssueCode.INVALID_VALUE, message, hint)
    elif any("\ud800" <= character <= "\udfff" for character in text):
        yield Issue(loc, IssueCode.INVALID_VALUE, "A text holds half a surrogate pair.", "Send whole characters.")


def _unfit(value: object, loc: Location) -> Iterator[Issue]:
    """What is wrong with a single value wherever it stands."""
    code = IssueCode.INVALID_VALUE
    if isinstance(value, str):
        yield from unfit_text(value, loc)
    elif isinstance(value, _Refused):
        yield Issue(loc, value.code, value.message, value.hint)
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, Decimal) and not value.is_finite()  # which is no float, of which it might be infinite
    ):
        yield Issue(loc, code, f"{value} is not a number.", "Leave it out, or use is_null.")


def _too_deep(loc: Location, limits: Settings) -> Issue:
    return Issue(
        loc[:8],
        IssueCode.TOO_COMPLEX,
        f"The query is nested more than {limits.max_depth} levels deep.",
        "Flatten it: a list of conditions is one `and`, and `in` takes many values.",
    )


def _too_many(loc: Location, what: str, limit: int, found: int) -> Issue:
    return Issue(
        loc,
        IssueCode.TOO_COMPLEX,
        f"{found} {what} are too many; {limit} are allowed.",
        "Ask for less, or use `in` lists.",
    )


def _refusal(message: str, hint: str) -> QueryError:
    return QueryError([Issue((), IssueCode.INVALID, message, hint)])

"""JSON of stored things, in and out, with every digit of every number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, cast

import orjson

from prismiq.errors import DefinitionError, Issue, IssueCode, Location
from prismiq.query.parse import unfit_text

MAX_DEPTH = 64
MAX_VALUES = 30_000
"""Values in one body: the longest `in` lists fit, and reading it takes no time that others would notice."""


def dump_json(data: object) -> bytes:
    """Plain data as JSON. Decimals and integers of any size keep their digits."""
    try:
        return orjson.dumps(data, default=_plain)
    except TypeError:  # an integer of more than 64 bits
        return orjson.dumps(_with_written_integers(data), default=_plain)


def load_json(text: str | bytes) -> Any:
    """JSON as plain data; numbers with a point are Decimals.

    Raises DefinitionError for what is not JSON, or holds what PostgreSQL cannot store.
    """
    try:
        content = json.loads(
            text, parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_without_repetition
        )
    except json.JSONDecodeError as error:
        place = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise refusal(f"This is not valid JSON: {place}.", "Check quotes, commas and brackets there.") from None
    except UnicodeDecodeError as error:
        raise refusal(f"This is not valid UTF-8: see byte {error.start}.", "Send it as UTF-8.") from None
    except RecursionError:
        raise refusal("This is nested too deeply.", "Flatten it.") from None
    except ValueError as error:  # an integer of more digits than Python reads
        raise refusal(str(error) if isinstance(error, _RefusedError) else "A number is too long.", None) from None
    check_storable(content)
    return content


def check_storable(content: object) -> None:
    """Raises DefinitionError with what JSON or PostgreSQL cannot hold, each with its place, and for too much of it."""
    issues = list(islice(_unstorable(content), 100))
    if issues:
        raise DefinitionError(issues)


def refusal(message: str, hint: str | None) -> DefinitionError:
    """The whole is not what it should be."""
    return DefinitionError([Issue((), IssueCode.INVALID, message, hint)])


class _RefusedError(ValueError):
    """Part of a JSON text that is not taken."""


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, set | frozenset):
        return sorted(cast("set[str]", value))
    raise TypeError(type(value).__name__)


def _with_written_integers(data: object) -> object:
    if isinstance(data, Mapping):
        return {key: _with_written_integers(value) for key, value in cast("Mapping[str, object]", data).items()}
    if isinstance(data, list | tuple):
        return [_with_written_integers(value) for value in cast("list[object]", data)]
    if isinstance(data, int) and not isinstance(data, bool) and data.bit_length() > 63:
        return orjson.Fragment(str(data))
    return data


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _RefusedError("A number's exponent is out of range.") from None


def _no_constant(name: str) -> object:
    raise _RefusedError(f"{name} is not a JSON value.")


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise _RefusedError(f'"{twice[:60]}" is written twice in one object.')
    return found


def _is_fit(value: object) -> bool:
    """Whether nothing can be wrong with a value: most are plain text or integers."""
    if type(value) is str:
        return value.isascii() and "\0" not in value
    return value is None or type(value) is int or type(value) is bool


def _unstorable(content: object) -> Iterator[Issue]:
    """What cannot be stored, and what is too much. Walks the content once and without recursion."""
    left: list[tuple[object, Location]] = [(content, ())]
    count = 0
    while left:
        value, loc = left.pop()
        inside: Iterable[tuple[str | int, object]]
        if isinstance(value, Mapping):
            fields = cast("Mapping[object, object]", value)
            yield from (issue for key in fields if not _is_fit(key) or key is None for issue in _unfit_key(key, loc))
            inside, size = cast("Mapping[str, object]", fields).items(), len(fields)
        elif isinstance(value, list | tuple):
            items = cast("list[object]", value)
            inside, size = enumerate(items), len(items)
        else:
            yield from _unfit(value, loc)
            continue
        count += size
        if count > MAX_VALUES:
            what, hint = f"These are more than {MAX_VALUES} values.", "Make it several things."
        elif len(loc) > MAX_DEPTH:
            what, hint = f"This is nested more than {MAX_DEPTH} levels deep.", "Flatten it."
        else:
            left.extend([(item, (*loc, key)) for key, item in inside if not _is_fit(item)])
            continue
        yield Issue(loc[:8], IssueCode.TOO_COMPLEX, what, hint)
        return


def _unfit_key(key: object, loc: Location) -> Iterator[Issue]:
    if isinstance(key, str):
        yield from _unfit(key, loc)
    else:
        yield Issue(loc, IssueCode.INVALID_VALUE, f"{key!r} is not a name.", "Names are text: put quotes around it.")


def _unfit(value: object, loc: Location) -> Iterator[Issue]:
    code = IssueCode.INVALID_VALUE
    if isinstance(value, str):
        yield from unfit_text(value, loc)
    elif isinstance(value, float | Decimal):
        if not math.isfinite(value):
            yield Issue(loc, code, f"{value} is not a number.", "Leave it out.")
    elif value is not None and not isinstance(value, bool | int):
        yield Issue(loc, code, f"{type(value).__name__} is not a value of JSON.", "Write it as text.")

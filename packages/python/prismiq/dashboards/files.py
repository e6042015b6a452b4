"""Dashboards as files in YAML: the same after every round trip, and readable in a diff.

This is YAML 1.2's core schema: `on` is a text and `2013-01-01` too, `true` and `null` are what they look like, and a
number keeps its digits. No anchors, no tags, no key twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import yaml

from prismiq.dashboards.wire import MAX_DEPTH, check_storable, refusal
from prismiq.errors import DefinitionError

_yaml: Any = yaml  # its types are incomplete

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_ESCAPED = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML folds, drops or does not take where it is written as it is."""
_MAX_DIGITS = 4_000


def load_yaml(text: str | bytes) -> dict[str, Any]:
    """The object that a YAML text holds. Raises DefinitionError where it holds none."""
    try:
        # Read event by event: neither deep nesting nor an alias makes more of a text than it is.
        content = _read(_yaml.parse(text, getattr(_yaml, "CBaseLoader", _yaml.BaseLoader)))
    except yaml.MarkedYAMLError as error:
        place = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise refusal(f"This is not valid YAML: {error.problem}{place}.", "Check the indentation there.") from None
    except (yaml.YAMLError, UnicodeError):
        raise refusal("This is not valid YAML: it holds a character that is none.", "Save it as UTF-8.") from None
    if not isinstance(content, dict):
        raise refusal("This is not an object.", "A file begins with `kind: dashboard` and `title: …`.")
    check_storable(cast("object", content))
    return cast("dict[str, Any]", content)


def dump_yaml(data: dict[str, Any]) -> str:
    """A YAML text: keys in the order they have, a line for each, texts of several lines as blocks."""
    return _yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


_KEY = object()
"""Where a key is expected and not its value."""


def _read(events: Iterator[Any]) -> Any:
    """The data that YAML's events describe."""
    found: list[Any] = []
    open_: list[tuple[Any, Any]] = [(found, None)]  # what is being filled, and for an object the key that is next
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refused(event, "Anchors and aliases are not read here.")
        if getattr(event, "tag", None) not in (None, "!"):
            raise _refused(event, "Tags are not read here.")
        if isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.NodeEvent):
            _add(open_, event)
            if len(open_) > MAX_DEPTH:
                raise _refused(event, "This is nested too deeply.")
    if len(found) != 1:
        raise refusal("A file holds one document.", "Put each dashboard into a file of its own.")
    return found[0]


def _add(open_: list[tuple[Any, Any]], event: Any) -> None:
    """Puts a value into what is being filled, and begins to fill what can itself hold values."""
    into, key = open_[-1]
    is_key = key is _KEY
    begun: Any = None
    if isinstance(event, yaml.CollectionStartEvent):
        begun = [] if isinstance(event, yaml.SequenceStartEvent) else {}
    value: Any = begun if begun is not None else _scalar(event, plain=not is_key)
    if is_key:
        if begun is not None:
            raise _refused(event, "A key is a text.")
        if value in into:
            raise _refused(event, f'"{value[:60]}" is written twice in one object.')
        open_[-1] = (into, value)
        return
    if isinstance(into, list):
        cast("list[Any]", into).append(value)
    else:
        into[key] = value
        open_[-1] = (into, _KEY)
    if begun is not None:
        open_.append((begun, _KEY if isinstance(begun, dict) else None))


def _scalar(event: Any, *, plain: bool) -> Any:
    """A value by its looks; what is quoted, and every key, is text."""
    text: str = event.value
    if not plain or not event.implicit[0]:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise _refused(event, "A number is too long.")
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _refused(place: Any, problem: str) -> DefinitionError:
    return refusal(f"Line {place.start_mark.line + 1}: {problem}", "Write it out plainly.")


class _Dumper(yaml.SafeDumper):
    """Writes what `load_yaml` reads. What another reader of YAML would take for something else is quoted, too."""

    def ignore_aliases(self, data: Any) -> bool:
        """Writes everything out."""
        return True


def _text(dumper: Any, text: str) -> Any:
    """A text of several lines as a block, where a block can hold it; what only escapes can hold in double quotes."""
    if _ESCAPED.search(text):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    block = "\n" in text and all(line == line.rstrip() for line in text.split("\n")) and text[:1] not in (" ", "\n")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


def _number(dumper: Any, value: Decimal) -> Any:
    text = str(value)  # a Decimal stays one: an integer would lose what it is
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if re.search(r"[.eE]", text) else f"{text}.")


_dumper: Any = _Dumper
_dumper.add_representer(str, _text)
_dumper.add_representer(Decimal, _number)
for _pattern, _kind in ((_NULL, "null"), (_BOOL, "bool"), (_INTEGER, "int"), (_NUMBER, "float")):
    _dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern.pattern})$"), None)

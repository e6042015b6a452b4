"""A query as JSON, with the path in the place of every bare table name that stands for one.

While it resolves names the planner notes where a bare name took a shortcut. Here that text is replaced, so that the
query means the same when a second path to the table appears. What is not changed stays as it was written. That the
result means the same is not proved here: whoever uses it plans both and compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from prismiq.plan.planning import Shortcut
from prismiq.query.fields import Segments, dotted
from prismiq.query.places import place_in


def without_shortcuts(query: Mapping[str, Any], shortcuts: Iterable[Shortcut]) -> dict[str, Any]:
    """The query with each shortcut's path in its place."""
    rewritten = _copied(query)
    for shortcut in dict.fromkeys(shortcuts):
        _replace(rewritten, shortcut)
    return rewritten


def _replace(query: dict[str, Any], shortcut: Shortcut) -> None:
    """Goes to the shortcut's place, as far as the query is written out there, and replaces the name in it."""
    holder: Any = None
    key: Any = None
    here: Any = query
    for step in place_in(shortcut.loc, query):
        if not isinstance(here, dict | list) or isinstance(here, list) is not isinstance(step, int):
            break
        try:
            holder, key, here = cast("Any", here), step, cast("Any", here)[step]
        except (KeyError, IndexError):
            break
    if holder is not None:
        holder[key] = _rewritten(here, shortcut)


_FIELDS = ("field", "outer")


def _rewritten(written: Any, shortcut: Shortcut) -> Any:
    before, after = shortcut.written, shortcut.path
    if isinstance(written, dict):
        fields = cast("dict[str, Any]", written)
        if tuple(fields.get("path", ())) == before:
            return {**fields, "path": list(after)}
        # Of a value that is a field the place is the value's: {"field": "orders.total"}.
        return {key: _rewritten(value, shortcut) if key in _FIELDS else value for key, value in fields.items()}
    if not isinstance(written, str):
        return written
    if written.removeprefix("-") == dotted(before) and not _is_plain(after):
        return {"path": list(after)} if not written.startswith("-") else written
    name = re.escape(dotted(before))
    return re.sub(rf'(?<![\w."]){name}(?![\w"])', lambda _: dotted(after), written) if _is_plain(after) else written


def _is_plain(names: Segments) -> bool:
    """Whether names can be written with dots between them, in an expression too."""
    return all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in names)


def _copied(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _copied(value) for key, value in cast("Mapping[str, Any]", data).items()}
    if isinstance(data, list | tuple):
        return [_copied(each) for each in cast("list[Any]", data)]
    return data

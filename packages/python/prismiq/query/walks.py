"""Walking through what is made of frozen dataclasses and tuples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import cast


def rewritten(part: object, change: Callable[[object], object | None]) -> object:
    """The part with those in it replaced for which `change` returns something, from the outside in."""
    changed = change(part)
    if changed is not None:
        return changed
    if type(part) is tuple:  # a table's reference is a tuple by another name
        return tuple(rewritten(each, change) for each in cast("tuple[object, ...]", part))
    if not is_dataclass(part) or isinstance(part, type):
        return part
    replaced: dict[str, object] = {}
    for each in fields(part):
        value: object = getattr(part, each.name)
        new = rewritten(value, change)
        if new is not value and new != value:
            replaced[each.name] = new
    return replace(part, **replaced) if replaced else part

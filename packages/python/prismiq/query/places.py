"""Where an issue is, as the caller wrote it.

A list of conditions stands for `and`, and the planner tells places as if it were always a list; in a definition that
wrote `{"and": […]}` the word belongs to the place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from prismiq.errors import Issue, Location


def as_written(issues: Iterable[Issue], data: object) -> list[Issue]:
    """The issues, at the places that JSON text, bytes or plain data have for them. Models keep theirs."""
    content: Any = json.loads(data) if isinstance(data, str | bytes) else data
    return [replace(issue, loc=place_in(issue.loc, content)) for issue in issues]


def place_in(loc: Location, content: Any) -> Location:
    """The planner's place, as plain data has it."""
    place: list[str | int] = []
    for step in loc:
        if isinstance(step, int) and isinstance(content, Mapping) and "and" in content:
            place.append("and")
            content = cast("Mapping[str, Any]", content)["and"]
        place.append(step)
        try:
            content = cast("Any", content[step])
        except (KeyError, IndexError, TypeError):
            content = None
    return tuple(place)

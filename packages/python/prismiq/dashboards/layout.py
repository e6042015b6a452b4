"""The grid: where widgets go that say no place, and that no two are in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from prismiq.dashboards.widgets import COLUMNS, BaseWidget, Position
from prismiq.errors import Issue, IssueCode

_SIZES = {"metric": (3, 2), "text": (12, 2), "table": (12, 6), "pivot": (12, 6)}
_SIZE = (6, 4)


def placed(widgets: Sequence[Any]) -> list[Any]:
    """The widgets' JSON, in which those without a position follow below the others, row by row."""
    y = max((_bottom(each) for each in widgets), default=0)
    x = height = 0
    found: list[Any] = []
    for each in widgets:
        widget: Any = each
        if isinstance(each, Mapping) and cast("Mapping[str, Any]", each).get("position") is None:
            fields = cast("Mapping[str, Any]", each)
            w, h = _SIZES.get(str(fields.get("type")), _SIZE)
            if x + w > COLUMNS:
                x, y, height = 0, y + height, 0
            widget = {**fields, "position": {"x": x, "y": y, "w": w, "h": h}}
            x, height = x + w, max(height, h)
        found.append(widget)
    return found


def overlaps(widgets: Sequence[BaseWidget]) -> Iterator[Issue]:
    """The widgets that lie on one before them."""
    for index, widget in enumerate(widgets):
        for other in widgets[:index]:
            if widget.position is not None and other.position is not None and widget.position.overlaps(other.position):
                yield Issue(
                    ("widgets", index, "position"),
                    IssueCode.INVALID,
                    f'The widgets "{other.id}" and "{widget.id}" overlap.',
                    "Move one of them, or leave its `position` out: it then goes below the others.",
                )
                break


def _bottom(widget: Any) -> int:
    try:
        return Position.model_validate(widget["position"]).y + Position.model_validate(widget["position"]).h
    except (TypeError, KeyError, ValueError):  # what is wrong with it is said when it is read
        return 0

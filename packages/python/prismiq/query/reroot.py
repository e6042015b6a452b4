"""Definitions written from one table, rewritten to start at another: every field gets the path between the two."""

from __future__ import annotations

from typing import cast

from sqlglot import exp, parse_one

from prismiq.query.fields import Path, Segments, as_items, segments
from prismiq.query.filters import And, Condition, Exists, Filter, Not, Or


def rerooted(reference: str | Path | None, path: Segments) -> Path | None:
    """A field or a table, behind a path."""
    return None if reference is None else Path(path=(*path, *segments(reference)))


def rerooted_expression(text: str | None, path: Segments) -> str | None:
    """An expression whose every name is behind a path. The rest of the text stays as it is written."""
    if text is None or not path:
        return text
    tree = parse_one(text, dialect="postgres")
    before = "".join(_quoted(name) + "." for name in path)
    # sqlglot knows where in the text a name starts; the last comes first, so that the other places stay right.
    for start in sorted({_start(column) for column in tree.find_all(exp.Column)}, reverse=True):
        text = text[:start] + before + text[start:]
    return text


def rerooted_filter(part: Filter | None, path: Segments) -> Filter | None:
    """A filter whose every field is behind a path. What `exists` asks of the related rows starts at their table."""
    if part is None or not path:
        return part
    if isinstance(part, And):
        return And(and_=_all(part.and_, path))
    if isinstance(part, Or):
        return Or(or_=_all(part.or_, path))
    if isinstance(part, Not):
        return Not(not_=cast("Filter", rerooted_filter(part.not_, path)))
    if isinstance(part, Exists):
        return part.model_copy(
            update={"exists": rerooted(part.exists, path), "filters": _seen_from_inside(part.filters, path)}
        )
    return _condition(part, path)


def _condition(part: Condition, path: Segments) -> Condition:
    # Not by `model_copy(update=…)` of all: whether a value was given at all has a meaning.
    update: dict[str, object] = {}
    if part.field is not None:
        update["field"] = rerooted(part.field, path)
    if part.expression is not None:
        update["expression"] = rerooted_expression(part.expression, path)
    if part.value is not None:
        update["value"] = _value(part.value, "field", path)
    return part.model_copy(update=update)


def _seen_from_inside(part: Filter | None, path: Segments) -> Filter | None:
    """What `exists` asks: only what it compares with on the outside is behind the path."""
    if isinstance(part, And):
        return And(and_=tuple(cast("Filter", _seen_from_inside(each, path)) for each in part.and_))
    if isinstance(part, Or):
        return Or(or_=tuple(cast("Filter", _seen_from_inside(each, path)) for each in part.or_))
    if isinstance(part, Not):
        return Not(not_=cast("Filter", _seen_from_inside(part.not_, path)))
    if isinstance(part, Condition) and part.value is not None:
        return part.model_copy(update={"value": _value(part.value, "outer", path)})
    return part


def _value(value: object, key: str, path: Segments) -> object:
    """A value, or the fields that stand in its place."""
    items = as_items(value)
    if items is not None:
        return [_value(item, key, path) for item in items]
    if isinstance(value, dict) and set(cast("dict[str, object]", value)) == {key}:
        field = cast("dict[str, object]", value)[key]
        reference = Path.model_validate(field) if isinstance(field, dict) else field
        if isinstance(reference, str | Path):
            return {key: {"path": [*path, *segments(reference)]}}
    return cast("object", value)


def _all(parts: tuple[Filter, ...], path: Segments) -> tuple[Filter, ...]:
    return tuple(cast("Filter", rerooted_filter(part, path)) for part in parts)


def _start(column: exp.Column) -> int:
    return min(cast("int", part.meta["start"]) for part in column.parts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

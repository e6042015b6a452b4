"""Reads definitions that are to be stored: completes what may be left out, and says all that is wrong with the form.

What a definition means against the schema is for `checks.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast, get_args

from annotated_types import MaxLen
from pydantic import BaseModel, ValidationError

from prismiq.dashboards.layout import placed
from prismiq.dashboards.models import Dashboard, DashboardFilter, Sharing, ValuesFrom
from prismiq.dashboards.widgets import Link, Position, Widget
from prismiq.dashboards.wire import check_storable, refusal
from prismiq.errors import DefinitionError, Issue, IssueCode
from prismiq.query.complaints import Place, complaints

D = TypeVar("D", bound=BaseModel)

_WIDGET_ORDER = ("id", "type", "title", "description", "text", "query", "saved_query", "options", "formats", "link",
                 "position")  # fmt: skip
_FILTER_ORDER = ("id", "type", "label", "field", "values", "default", "targets")


def read(model: type[D], data: object) -> D:
    """A definition of this kind. Raises DefinitionError with every reason why it is none."""
    check_storable(data)
    if not isinstance(data, Mapping):
        raise refusal("This is not an object.", 'It looks like {"title": "…"}.')
    content: Mapping[str, Any] = cast("Mapping[str, Any]", data)
    _check_lengths(content, model)
    if model is Dashboard:
        content = _completed(content)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        issues = complaints(
            error, content, model_at=lambda place: _model_at(place, model), without_variants=_without_type
        )
        raise DefinitionError(issues) from None


def to_data(definition: BaseModel) -> dict[str, Any]:
    """A definition as JSON data, in the order in which people read it, without what was left at its default."""
    data = _lists(definition.model_dump(exclude_defaults=True))
    for key, order in (("widgets", _WIDGET_ORDER), ("filters", _FILTER_ORDER)):
        if isinstance(definition, Dashboard) and key in data:
            data[key] = [{name: part[name] for name in order if name in part} for part in data[key]]
    return data


def slug_of(title: str) -> str:
    """`Weather and delays` → `weather-and-delays`. Letters without their accents."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")


def _check_lengths(content: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Refuses lists that are too long before their items are looked at, one by one."""
    issues: list[Issue] = []
    for name, field in model.model_fields.items():
        limit = next((each.max_length for each in field.metadata if isinstance(each, MaxLen)), None)
        value = content.get(name)
        if limit is not None and isinstance(value, list | tuple | dict) and len(cast("list[Any]", value)) > limit:
            message = f'"{name}" has {len(cast("list[Any]", value))} items, and {limit} are allowed.'
            issues.append(Issue((name,), IssueCode.TOO_COMPLEX, message, "Make it several things."))
    if issues:
        raise DefinitionError(issues)


def _completed(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """With ids and positions."""
    completed = dict(content)
    for key, name in (("widgets", "title"), ("filters", "label")):
        parts: object = content.get(key)
        if isinstance(parts, list | tuple):
            completed[key] = _with_ids(cast("Sequence[Any]", parts), name)
    if isinstance(completed.get("widgets"), list):
        completed["widgets"] = placed(completed["widgets"])
    return completed


def _with_ids(parts: Sequence[Any], name: str) -> list[Any]:
    """Each part with an id: its own, or one made of its title or its type, always the same from the same parts."""
    objects = [cast("Mapping[str, Any]", part) for part in parts if isinstance(part, Mapping)]
    taken = {str(fields.get("id")) for fields in objects}
    found: list[Any] = []
    for part in parts:
        if not isinstance(part, Mapping) or "id" in part:
            found.append(part)
            continue
        fields = cast("Mapping[str, Any]", part)
        wanted = slug_of(str(fields.get(name) or ""))[:50] or slug_of(str(fields.get("type") or ""))[:50] or "part"
        number, made = 1, wanted
        while made in taken:
            number += 1
            made = f"{wanted}-{number}"
        taken.add(made)
        found.append({"id": made, **fields})
    return found


def _variants(union: Any) -> dict[str, type[BaseModel]]:
    kinds: tuple[type[BaseModel], ...] = get_args(get_args(union)[0])
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in kinds}


WIDGETS = _variants(Widget)
FILTERS = _variants(DashboardFilter)
_PARTS: dict[str, type[BaseModel]] = {
    "position": Position,
    "link": Link,
    "visibility": Sharing,
    "values": ValuesFrom,
}


def _model_at(place: Place, root: type[BaseModel]) -> type[BaseModel]:
    kinds = FILTERS if place and place[0] == "filters" else WIDGETS
    model: type[BaseModel] = root
    for step in place:
        if step == "options" and "options" in model.model_fields:
            model = cast("type[BaseModel]", model.model_fields["options"].annotation)
        elif isinstance(step, str):
            model = kinds.get(step) or _PARTS.get(step) or model
    return model


def _without_type(place: Place) -> Place:
    """Without the `type` that tells a widget or a filter, which Pydantic puts after its number."""
    return (*place[:2], *place[3:]) if place[:1] in (("widgets",), ("filters",)) and len(place) > 2 else place


def _lists(data: Any) -> Any:
    """Plain data in which every sequence is a list."""
    if isinstance(data, dict):
        return {key: _lists(value) for key, value in cast("dict[str, Any]", data).items()}
    if isinstance(data, list | tuple):
        return [_lists(value) for value in cast("Sequence[Any]", data)]
    return data

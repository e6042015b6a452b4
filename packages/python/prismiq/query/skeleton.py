"""What a question is apart from the values of its conditions: questions of one skeleton have one shape.

A page asks the same again and again with other values in its filters. The `value` of a condition is read by nothing but
the split, which sees its form and puts it into slots. So where everything else is equal, and the form of every value
is, shape and slots are those of the question before, and only the values in them are others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import orjson

from prismiq.errors import Location
from prismiq.query.filters import PAIRS
from prismiq.query.forms import form_of, form_of_items, plain_value
from prismiq.query.shape import Values

_SCALARS = frozenset({str, int, bool, Decimal, type(None)})
_ENDS = frozenset({"from", "to"})


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The question as text, a form in the place of each condition's value, and the values in their order."""

    text: bytes
    values: Sequence[object]


class _NoSkeletonError(Exception):
    """It holds what JSON does not, or a value whose parts are no plain values."""


def skeleton_of(content: object) -> Skeleton | None:
    """The skeleton of a question's JSON as data. None where it has none: the question is then read as any is."""
    if type(content) is not dict:
        return None
    values: list[object] = []
    try:
        return Skeleton(orjson.dumps(_bare(cast("dict[str, object]", content), values)), values)
    except (_NoSkeletonError, TypeError):  # a key that is no text, an integer of more than 64 bits
        return None


def _bare(part: object, values: list[object]) -> object:
    """The part with forms in the place of values. Two that are written alike are equal: a form and a number with a
    point are written as no JSON is, since 1, 1.0 and "1" mean different things."""
    kind = type(part)
    if kind is dict:
        named = cast("dict[str, object]", part)
        paired = named.get("operator") in PAIRS
        return {
            key: _form(item, values, paired) if key == "value" else item if type(item) is str else _bare(item, values)
            for key, item in named.items()
        }
    if kind is list:
        return [item if type(item) is str else _bare(item, values) for item in cast("list[object]", part)]
    if kind is Decimal:
        return orjson.Fragment(f"<{part}>")
    if kind in _SCALARS:
        return part
    raise _NoSkeletonError


def _form(value: object, values: list[object], paired: bool) -> object:
    """Everything that the shape tells of a value; the value itself is put to the others. Of a pair each has a form."""
    kind = type(value)
    if kind in _SCALARS:
        form = form_of(value).value
    elif kind is list and all(type(item) in _SCALARS for item in cast("list[object]", value)):
        items = cast("list[object]", value)
        item, has_null, mixed = form_of_items(items)
        pair = [form_of(each).value for each in items] if paired and len(items) == 2 else []
        form = f"{item.value} {has_null} {mixed} {pair}"
    elif kind is dict:
        ends = cast("dict[str, object]", value)
        if not ends or not ends.keys() <= _ENDS or any(type(end) not in _SCALARS for end in ends.values()):
            return _bare(ends, values)  # a field, or a period by its name: all of it is part of the skeleton
        form = " ".join(f"{key}={form_of(end).value}" for key, end in ends.items())
    else:
        raise _NoSkeletonError
    values.append(value)
    return orjson.Fragment(f"<{kind.__name__ if kind in (list, dict) else ''} {form}>")


@dataclass(frozen=True, slots=True)
class _Place:
    """A slot that holds a condition's value, or a part of it."""

    slot: int
    value: int
    part: Location

    def of(self, values: Sequence[object]) -> object:
        found: Any = values[self.value]
        return plain_value(found[self.part[0]] if self.part else found)


@dataclass(frozen=True, slots=True)
class Filled:
    """The values of a question but for those of its conditions, and where in the slots those of another go."""

    values: Values
    places: Sequence[_Place]

    def with_values(self, values: Sequence[object]) -> Values:
        """The slots of the other question."""
        slots = list(self.values.slots)
        for place in self.places:
            slots[place.slot] = place.of(values)
        return replace(self.values, slots=tuple(slots))


def filled(
    content: Mapping[str, object], skeleton: Skeleton, values: Values, places: Sequence[Location]
) -> Filled | None:
    """Where the values of a question went, by the places of its slots. None where that is not plain for each of them.

    The definition must have been split as it was written: no name of the configuration in it.
    """
    wanted = list(_places(content, ()))
    if len(wanted) != len(skeleton.values):
        return None
    filling: list[_Place] = []
    for index, loc in enumerate(wanted):
        parts = [(slot, each[len(loc) :]) for slot, each in enumerate(places) if each[: len(loc)] == loc]
        if not parts or any(len(part) > 1 for _, part in parts):
            return None
        filling += (_Place(slot, index, part) for slot, part in parts)
    filled_in = {place.slot for place in filling}
    others = tuple(None if slot in filled_in else value for slot, value in enumerate(values.slots))
    known = Filled(replace(values, slots=others), filling)  # so that no long list is kept
    return known if repr(known.with_values(skeleton.values)) == repr(values) else None


def _places(part: object, loc: Location) -> Iterator[Location]:
    """Where the values stand, in the skeleton's order and by the split's count: `and` is as a bare list."""
    if isinstance(part, dict):
        for key, item in cast("dict[str, object]", part).items():
            if key == "value":
                values: list[object] = []
                _form(item, values, paired=False)
                if values:
                    yield (*loc, key)
            else:
                yield from _places(item, loc if key == "and" else (*loc, key))
    elif isinstance(part, list):
        for index, item in enumerate(cast("list[object]", part)):
            yield from _places(item, (*loc, index))

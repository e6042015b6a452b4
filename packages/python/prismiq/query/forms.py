"""What a value is, without the value: its form stands for it in a shape."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import cast
from uuid import UUID

from prismiq.errors import Location
from prismiq.query.fields import as_items
from prismiq.query.shape import Form, Slot


def slot_of(value: object, index: int, loc: Location = ()) -> Slot:
    """The place of a value: what it is, without the value itself."""
    plain = plain_value(value)
    items = as_items(plain)
    return Slot(index, form_of(plain), loc) if items is None else Slot(index, Form.LIST, loc, *form_of_items(items))


def plain_value(value: object) -> object:
    """A Python value as JSON would carry it, so that both ways in have one meaning."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return plain_value(value.value)
    if isinstance(value, set | frozenset):
        value = list(cast("Collection[object]", value))
    items = as_items(value)
    if items is not None:
        return [plain_value(item) for item in items]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():.6f}S"
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


_PLAIN = frozenset({str, int, bool, Decimal, type(None)})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def form_of(value: object) -> Form:
    """What a plain value is, before any column gives it a type."""
    if value is None:
        return Form.NULL
    if isinstance(value, bool):
        return Form.BOOLEAN
    if isinstance(value, int):
        return Form.INTEGER
    if isinstance(value, Decimal):
        return Form.NUMBER
    if isinstance(value, str):
        return Form.DATE if len(value) == 10 and _DATE.fullmatch(value) else Form.TEXT
    return Form.LIST if isinstance(value, list) else Form.OBJECT


def form_of_items(items: Collection[object]) -> tuple[Form, bool, bool]:
    """What plain values of a list have in common, whether one is null, and whether dates are among other texts."""
    forms = {form_of(item) for item in items}
    return _common(forms - {Form.NULL}), Form.NULL in forms, forms >= {Form.DATE, Form.TEXT}


def _common(forms: set[Form]) -> Form:
    if not forms:
        return Form.EMPTY
    if len(forms) == 1:
        return forms.pop()
    if forms <= {Form.INTEGER, Form.NUMBER}:
        return Form.NUMBER
    if forms <= {Form.DATE, Form.TEXT}:
        return Form.TEXT
    return Form.OBJECT

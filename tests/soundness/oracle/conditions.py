"""What a condition says of one value, in SQL's three: True, False, and None for unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from prismiq.query import And, Condition, Filter, Not, Operator, Or
from prismiq.query.fields import segments

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: lambda a, b: a == b,
    Operator.NEQ: lambda a, b: a != b,
    Operator.GT: lambda a, b: a > b,
    Operator.GTE: lambda a, b: a >= b,
    Operator.LT: lambda a, b: a < b,
    Operator.LTE: lambda a, b: a <= b,
}
_NEGATED = {
    Operator.IS_NOT_NULL: Operator.IS_NULL,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_BETWEEN: Operator.BETWEEN,
    Operator.NOT_IN_PERIOD: Operator.IN_PERIOD,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
}


def all_of(values: Iterable[bool | None]) -> bool | None:
    """SQL's AND."""
    values = list(values)
    if False in values:
        return False
    return None if None in values else True


def opposite(value: bool | None) -> bool | None:
    """SQL's NOT: unknown stays unknown."""
    return None if value is None else not value


def any_of(values: Iterable[bool | None]) -> bool | None:
    """SQL's OR."""
    return opposite(all_of(opposite(value) for value in values))


def condition_holds(condition: Condition, value: Any, zone: ZoneInfo) -> bool | None:
    """Whether the condition holds of `value`, dates meaning whole days in `zone`."""
    operator, wanted = condition.operator, condition.value
    if operator in _NEGATED:
        positive = condition.model_copy(update={"operator": _NEGATED[operator]})
        return opposite(condition_holds(positive, value, zone))
    if operator is Operator.IS_NULL:
        return value is None
    if operator is Operator.IN and not wanted:
        return False
    if value is None:
        return None
    if isinstance(value, str) and not condition.case_sensitive:
        value, wanted = value.lower(), _lower(wanted)
    match operator:
        case Operator.IN:
            return any(_compare(Operator.EQ, value, each, zone) for each in wanted)
        case Operator.BETWEEN:
            return _compare(Operator.GTE, value, wanted[0], zone) and _compare(Operator.LTE, value, wanted[1], zone)
        case Operator.IN_PERIOD:
            start, end = wanted.get("from"), wanted.get("to")
            after = start is None or _compare(Operator.GTE, value, start, zone)
            return after and (end is None or _compare(Operator.LT, value, end, zone))
        case Operator.CONTAINS:
            return wanted in value
        case Operator.STARTS_WITH:
            return value.startswith(wanted)
        case Operator.ENDS_WITH:
            return value.endswith(wanted)
        case Operator.LIKE:
            return _like(value, wanted)
        case Operator.ILIKE:
            return _like(value.lower(), wanted.lower())
        case _:
            return _compare(operator, value, wanted, zone)


def is_named(value: Any) -> bool:
    """Whether a field stands in the place of a value."""
    return isinstance(value, dict) and bool(value.keys() & {"field", "outer"})


def between(condition: Condition, holds: Callable[[Condition], bool | None]) -> bool | None:
    """`between` as its two comparisons."""
    low, high = condition.value
    parts = [
        condition.model_copy(update={"operator": operator, "value": value})
        for operator, value in ((Operator.GTE, low), (Operator.LTE, high))
    ]
    inside = all_of(holds(part) for part in parts)
    return opposite(inside) if condition.operator is Operator.NOT_BETWEEN else inside


def named_paths(node: Filter | None, key: str) -> list[tuple[str, ...]]:
    """The paths of the fields that stand in the place of values, `exists` inside left out."""
    match node:
        case Condition():
            values = node.value if isinstance(node.value, list | tuple) else [node.value]
            return [segments(each[key])[:-1] for each in values if is_named(each) and key in each]
        case And() | Or() | Not():
            parts = node.and_ if isinstance(node, And) else node.or_ if isinstance(node, Or) else (node.not_,)
            return [path for part in parts for path in named_paths(part, key)]
        case _:
            return []


def _compare(operator: Operator, value: Any, wanted: Any, zone: ZoneInfo) -> bool:
    if isinstance(value, datetime):
        if not isinstance(wanted, datetime):
            # A date against a timestamp means that whole local day.
            value = local(value, zone).date()
        elif value.tzinfo is not None and wanted.tzinfo is None:
            wanted = wanted.replace(tzinfo=zone)
    if isinstance(wanted, float):
        wanted = Decimal(repr(wanted))
    return _COMPARE[operator](value, wanted)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows in `zone`; a timestamp without a zone is what a clock showed already."""
    return moment if moment.tzinfo is None else moment.astimezone(zone)


def day_of(value: date, zone: ZoneInfo) -> date:
    """The local day of a date, a timestamp or an instant."""
    return local(value, zone).date() if isinstance(value, datetime) else value


def _lower(wanted: Any) -> Any:
    return wanted.lower() if isinstance(wanted, str) else [each.lower() for each in wanted]


def _like(value: str, pattern: str) -> bool:
    """`%` any text, `_` one character, a backslash makes what follows it ordinary."""
    parts = re.findall(r"\\.|[^\\]", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.fullmatch("".join(wild.get(part) or re.escape(part[-1]) for part in parts), value, re.DOTALL) is not None

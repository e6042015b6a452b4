"""The row filters of a policy as rules. A filter tree may ask of the table's own columns; what cannot be is told."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from prismiq.access.policy import RowFilter
from prismiq.access.rules import (
    ContextValue,
    EveryRule,
    NotRule,
    OtherColumn,
    PolicyValue,
    RowRule,
    Rule,
    SomeRule,
    Value,
)
from prismiq.query.fields import Path, as_items
from prismiq.query.filters import NO_VALUE, PAIRS, PERIODS, And, Condition, Exists, Filter, Not, Operator, Or

_PLAIN = (bool, int, float, Decimal, str, date, datetime, time, UUID)


class UnreadableError(Exception):
    """A filter that no rule can be made of; the message says why, and the way out."""


def rule_of(row: RowFilter) -> Rule:
    """The rule that a row filter is. Raises UnreadableError."""
    if row.filters is not None:
        return _read(row.filters)
    assert row.column is not None
    assert row.attribute is not None
    return RowRule(row.column, Operator(row.operator), ContextValue("attribute", row.attribute))


def _read(node: Filter) -> Rule:
    if isinstance(node, And):
        return EveryRule(tuple(_read(part) for part in node.and_))
    if isinstance(node, Or):
        return SomeRule(tuple(_read(part) for part in node.or_))
    if isinstance(node, Not):
        return NotRule(_read(node.not_))
    if isinstance(node, Exists):
        raise UnreadableError("a row filter asks of its own table alone; `parent` follows a relationship")
    return _condition(node)


def _condition(node: Condition) -> RowRule:
    if node.expression is not None or node.query is not None or node.fields is not None:
        raise UnreadableError("a row filter compares a column; it takes no expression and no query")
    assert node.field is not None
    column = _column(node.field)
    if node.operator in PERIODS:
        raise UnreadableError(f'"{column}": a row filter takes no period, which would move with the time of the query')
    if node.operator in NO_VALUE:
        if "value" in node.model_fields_set:
            raise UnreadableError(f'"{column}": {node.operator} takes no value')
        return RowRule(column, node.operator, None, node.case_sensitive)
    if "value" not in node.model_fields_set:
        raise UnreadableError(f'"{column}": {node.operator} needs a value')
    if node.operator in PAIRS:
        pair = as_items(node.value)
        if pair is None or len(pair) != 2:
            raise UnreadableError(f'"{column}": {node.operator} needs a list of two values')
        return RowRule(column, node.operator, (_value(pair[0], column), _value(pair[1], column)), node.case_sensitive)
    return RowRule(column, node.operator, _value(node.value, column), node.case_sensitive)


def _column(field: str | Path) -> str:
    """The column of the table itself; a name with a dot in it is written as a path of one."""
    if isinstance(field, str):
        if "." in field:
            raise UnreadableError(f'"{field}": a row filter asks of its own table\'s columns, and this is a path')
        return field
    column, *rest = field.path
    if rest:
        raise UnreadableError(f'"{".".join(field.path)}": a row filter asks of its own table\'s columns')
    return column


def _value(value: object, column: str) -> Value:
    if isinstance(value, Mapping):
        return _reference(cast("Mapping[str, Any]", value), column)
    if isinstance(value, set | frozenset):
        value = sorted(cast("frozenset[Any]", value), key=repr)
    items = as_items(value)
    if items is not None:
        if not all(isinstance(item, _PLAIN) for item in items):
            raise UnreadableError(
                f'"{column}": a list holds plain values; a list of the context is one attribute, {{"attribute": "…"}}'
            )
        return PolicyValue(tuple(cast("list[Hashable]", items)))
    if not isinstance(value, _PLAIN):
        raise UnreadableError(f'"{column}": nothing can be compared with {value!r}; ask `is_null` for null')
    return PolicyValue(value)


def _reference(value: Mapping[str, Any], column: str) -> Value:
    if len(value) == 1:
        ((key, named),) = value.items()
        if key == "attribute" and isinstance(named, str) and named:
            return ContextValue("attribute", named)
        if key == "context" and named in ("tenant", "user"):
            return ContextValue(named, named)
        if key == "field" and isinstance(named, str | Path):
            return OtherColumn(_column(named))
    raise UnreadableError(
        f'"{column}": a value is plain, {{"attribute": "…"}}, {{"context": "tenant"}}, {{"context": "user"}} or '
        '{"field": "…"}'
    )

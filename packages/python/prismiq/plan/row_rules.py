"""A comparison of a row rule as a typed condition, by the same reading of operators and values as a query's filters.

What a rule compares with is of the context or of the policy, and the zone is UTC: a rule does not move with the query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prismiq.access.rules import ContextValue, OtherColumn, PolicyValue, RowRule, Value
from prismiq.errors import ConfigurationError
from prismiq.plan.expressions import Column, Expression, Instant, Parameter, ValueType, Zone
from prismiq.plan.question import Issues
from prismiq.plan.resolve.conditions import build_condition
from prismiq.plan.trees import rewrite
from prismiq.query.filters import LISTS, PATTERNS
from prismiq.query.forms import slot_of
from prismiq.query.shape import Compared, ConditionShape, FieldShape, Form, Slot
from prismiq.schema.models import ColumnSchema
from prismiq.schema.types import INTEGERS, NUMBERS, DataType

ROW = "row"
UTC = Zone("UTC")
_CONTEXT_FORMS = {DataType.BOOLEAN: Form.BOOLEAN, DataType.DATE: Form.DATE, DataType.JSONB: Form.OBJECT}


def condition_of(rule: RowRule, columns: Mapping[str, ColumnSchema]) -> Expression:
    """The rule over a row of its table, whose columns as stored are given.

    Raises ConfigurationError where the operator or the policy's value does not fit the column.
    """
    sources: list[ContextValue | PolicyValue] = []
    column = columns[rule.column]

    def compared(value: Value) -> Compared:
        if isinstance(value, OtherColumn):
            return FieldShape((value.column,), outer=False, loc=())
        sources.append(value)
        if isinstance(value, PolicyValue):
            return slot_of(value.plain, len(sources) - 1)
        return _context_slot(rule, column, len(sources) - 1)

    issues = Issues()
    match rule.value:
        case (low, high):
            value = compared(low), compared(high)
        case None:
            value = None
        case one:
            value = compared(one)
    shape = ConditionShape((rule.column,), rule.operator, value, rule.case_sensitive, ())
    operand = _column(column)
    found = build_condition(shape, operand, UTC, issues, lambda named: _column(columns[named.path[0]]))
    if found is None or issues.found:
        first = issues.found[0]
        raise ConfigurationError(f"{rule}: {first.message}", hint=first.hint)

    def sourced(part: Expression) -> Expression | None:
        if not isinstance(part, Parameter) or not isinstance(part.source, int):
            return None
        source = sources[part.source]
        exact = isinstance(source, ContextValue) and column.type in INTEGERS and part.type.kind in NUMBERS
        return replace(part, source=source, type=ValueType.of(column) if exact else part.type)

    return rewrite(found, sourced)


def _column(column: ColumnSchema) -> Column | Instant:
    raw = Column(ROW, column.name, ValueType.raw(column))
    return raw if column.stored_in is None else Instant(raw, Zone(column.stored_in))


def _context_slot(rule: RowRule, column: ColumnSchema, index: int) -> Slot:
    """The place of a value that is known when the statement is bound: taken for one that fits the column."""
    kind = (column.element_type or DataType.TEXT) if column.type is DataType.ARRAY else column.type
    form = Form.TEXT if rule.operator in PATTERNS else _CONTEXT_FORMS.get(kind, Form.TEXT)
    if kind in NUMBERS and rule.operator not in PATTERNS:
        form = Form.INTEGER if kind in INTEGERS else Form.NUMBER
    listed = rule.operator in LISTS or column.type is DataType.ARRAY
    if column.type is DataType.JSONB and listed:
        form = Form.TEXT  # keys
    return Slot(index, Form.LIST, (), form) if listed else Slot(index, form, ())

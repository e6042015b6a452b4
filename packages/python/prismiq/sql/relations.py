"""The one door through which a table enters SQL: already reduced to the caller's rows, its columns already masked.

A row filter is inside the relation, not in the statement's WHERE, so that a LEFT JOIN sees a table of fewer rows and
no condition of the caller's can be written around it. Rules read the table as it is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.access.masks import MaskedColumn, constant_type
from prismiq.access.rules import EveryRule, NotRule, ParentRule, PolicyValue, RowRule, Rule, SomeRule, columns_ruled
from prismiq.plan.expressions import Column, Expression, Output, Parameter, ValueType
from prismiq.plan.nodes import Node, Scan
from prismiq.plan.row_rules import condition_of
from prismiq.schema.models import ColumnSchema, TableRef
from prismiq.schema.types import DataType
from prismiq.sql.expressions import Writer
from prismiq.sql.parameters import Parameters
from prismiq.sql.types import sql_type

SQL = sa.ColumnElement[Any]
_ONE: SQL = sa.literal_column("1")
_NONE: SQL = sa.literal_column("0")
_HIDDEN_PART: SQL = sa.literal_column("'***'", pg.TEXT())


def relation(scan: Scan, columns: Collection[str], parameters: Parameters, *, fenced: bool) -> sa.FromClause:
    """The table as the caller sees it, with the columns that the statement reads, under the scan's alias.

    A `fenced` one is reduced to the caller's rows before PostgreSQL computes anything else for them.
    """
    masked = {each.name: each for each in scan.masked}
    if not scan.rows and not masked.keys() & set(columns):
        return _table(scan.table, columns, parameters).alias(scan.alias)
    read = [masked[name].stored.name if name in masked else name for name in columns]
    table = _table(scan.table, (*read, *_ruled(scan.rows)), parameters)
    outputs = [
        _shown(masked[name], table, parameters).label(name) if name in masked else table.c[name] for name in columns
    ]
    kept: sa.Select[Any] = sa.select(*(outputs or [_ONE.label("one")])).select_from(table)
    stored = {**scan.schema.by_name, **{each.stored.name: each.stored for each in scan.masked}}
    rules = _Rules(parameters)
    kept = kept.where(*(rules.write(rule, table, stored) for rule in scan.rows))
    if fenced:
        kept = kept.offset(sa.literal_column("0"))  # no condition is moved below it
    return kept.subquery(scan.alias)


def _table(ref: TableRef, columns: Iterable[str], parameters: Parameters) -> sa.TableClause:
    parameters.tables.add(ref)
    listed: list[sa.ColumnClause[Any]] = [sa.column(name) for name in dict.fromkeys(columns)]
    return sa.table(ref.name, *listed, schema=ref.schema)


def _ruled(rules: Iterable[Rule]) -> list[str]:
    return [column for rule in rules for column in columns_ruled(rule)]


def _shown(column: MaskedColumn, table: sa.TableClause, parameters: Parameters) -> SQL:
    """What stands in a column's place. It is computed without an error whatever is stored."""
    stored, mask = table.c[column.stored.name], column.mask
    if mask is None:
        return stored
    if mask.kind == "last":
        text: SQL = sa.cast(stored, pg.TEXT())
        length: SQL = sa.literal_column(str(mask.length))
        # A text of no more than these characters would be shown whole.
        return _HIDDEN_PART.op("||")(sa.func.right(text, sa.case((sa.func.length(text) > length, length), else_=_NONE)))
    if mask.kind == "constant":
        type_ = ValueType(constant_type(mask.value, column.stored))
        return sa.cast(parameters.bind(Parameter(PolicyValue(mask.value), type_)), sql_type(type_))
    if column.stored.type is DataType.ARRAY:
        return sa.case((sa.false(), stored))  # null of a type whose name is not known here
    return sa.cast(sa.null(), sql_type(ValueType.raw(column.stored)))


class _Rules:
    """Writes the rules of one relation. Each parent has an alias of its own."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._parents = 0

    def write(self, rule: Rule, table: sa.FromClause, columns: Mapping[str, ColumnSchema]) -> sa.ColumnElement[bool]:
        """The condition under which a row of `table`, whose columns as stored are given, is the caller's."""
        match rule:
            case RowRule():
                return self._compared(condition_of(rule, columns), table)
            case EveryRule(parts=parts):
                return sa.and_(sa.true(), *(self.write(part, table, columns) for part in parts)).self_group()
            case SomeRule(parts=parts):
                return sa.or_(sa.false(), *(self.write(part, table, columns) for part in parts)).self_group()
            case NotRule(part=part):
                return sa.not_(self.write(part, table, columns).self_group())
            case ParentRule():
                return self._parent(rule, table)

    def _parent(self, rule: ParentRule, table: sa.FromClause) -> sa.ColumnElement[bool]:
        self._parents += 1
        name = "parent" if self._parents == 1 else f"parent_{self._parents}"
        columns = (*rule.parent_columns, *_ruled(rule.rows))
        parent = _table(rule.parent, columns, self._parameters).alias(name)
        pairs = zip(rule.columns, rule.parent_columns, strict=True)
        found: sa.Select[Any] = sa.select(_ONE).select_from(parent)
        found = found.where(*(parent.c[theirs] == table.c[own] for own, theirs in pairs))
        found = found.where(*(self.write(each, parent, rule.schema.by_name) for each in rule.rows))
        return sa.exists(found.correlate_except(parent))

    def _compared(self, condition: Expression, table: sa.FromClause) -> sa.ColumnElement[bool]:
        def column(each: Column | Output) -> SQL:
            return table.c[each.name]

        return Writer(self._parameters, column, _no_relation, _no_relation).write(condition)


def _no_relation(_: Node) -> Any:
    """A row rule compares columns and values alone."""
    raise AssertionError("a row rule asks of another relation")

"""The one door through which a table enters SQL: already reduced to the caller's rows.

A row filter is inside the relation, not in the statement's WHERE, so that a LEFT JOIN sees a table of fewer rows and
no condition of the caller's can be written around it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from prismiq.access.scope import RowRule
from prismiq.plan.expressions import Parameter, ValueType, Zone
from prismiq.plan.nodes import Scan
from prismiq.sql.parameters import Parameters


def relation(scan: Scan, columns: Collection[str], parameters: Parameters, *, fenced: bool) -> sa.FromClause:
    """The table as the caller sees it, with the columns that the statement reads, under the scan's alias.

    A `fenced` one is reduced to the caller's rows before PostgreSQL computes anything else for them.
    """
    listed: list[sa.ColumnClause[Any]] = [sa.column(name) for name in _needed(scan, columns)]
    table = sa.table(scan.table.name, *listed, schema=scan.table.schema)
    if not scan.rows:
        return table.alias(scan.alias)
    outputs: list[sa.ColumnElement[Any]] = [table.c[name] for name in columns]
    kept: sa.Select[Any] = sa.select(*(outputs or [sa.literal_column("1").label("one")])).select_from(table)
    for rule in scan.rows:
        kept = kept.where(_condition(scan, rule, table, parameters))
    if fenced:
        kept = kept.offset(sa.literal_column("0"))  # no condition is moved below it
    return kept.subquery(scan.alias)


def _condition(scan: Scan, rule: RowRule, table: sa.TableClause, parameters: Parameters) -> sa.ColumnElement[bool]:
    schema = scan.schema.by_name[rule.column]
    type_ = ValueType.of(schema)
    many = rule.operator == "in"
    bound: sa.ColumnElement[Any] = parameters.bind(Parameter(rule.value, type_, many=many))
    column: sa.ColumnElement[Any] = table.c[rule.column]
    if schema.stored_in is not None:
        column = sa.func.timezone(parameters.zone(Zone(schema.stored_in)), column)
    return column == sa.any_(bound) if many else column == bound


def _needed(scan: Scan, columns: Collection[str]) -> list[str]:
    return list(dict.fromkeys([*columns, *(rule.column for rule in scan.rows)]))

"""A plan's scalar expressions in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.sql.elements import Grouping

from prismiq.plan import expressions as plan
from prismiq.plan.expressions import Expression
from prismiq.plan.nodes import Node
from prismiq.plan.resolve.aggregates import ORDERED
from prismiq.query.definition import Aggregate, Granularity
from prismiq.schema.types import DataType
from prismiq.sql.bins import bounds_bin, width_bin
from prismiq.sql.buckets import hour_of_day, stepped
from prismiq.sql.distinct_counts import approximate_count
from prismiq.sql.parameters import ROW_CAP, Parameters
from prismiq.sql.scalars import write_arithmetic, write_call, write_case
from prismiq.sql.types import sql_type

SQL = sa.ColumnElement[Any]
_FIELDS: Mapping[Granularity, str] = {
    Granularity.DAY_OF_WEEK: "isodow",
    Granularity.HOUR_OF_DAY: "hour",
    Granularity.DAY_OF_MONTH: "day",
    Granularity.MONTH_OF_YEAR: "month",
    Granularity.QUARTER_OF_YEAR: "quarter",
}
_FUNCTIONS: Mapping[Aggregate, str] = {
    Aggregate.STDDEV: "stddev_samp",
    Aggregate.VARIANCE: "var_samp",
}


class Writer:
    """Writes expressions, given how columns, outputs, EXISTS and relations of their own are written there."""

    def __init__(
        self,
        parameters: Parameters,
        column: Callable[[plan.Column | plan.Output], SQL],
        exists: Callable[[Node], SQL],
        alone: Callable[[Node], sa.Select[Any]],
    ) -> None:
        self._parameters = parameters
        self._column = column
        self._exists = exists
        self._alone = alone

    def write(self, expression: Expression) -> SQL:
        """The expression in SQL."""
        match expression:
            case plan.Column() | plan.Output():
                return self._column(expression)
            case plan.Parameter():
                return self._parameters.bind(expression)
            case plan.Starts() | plan.MovedBound() | plan.Beat():
                return self._parameters.computed(expression)
            case plan.Zone():
                return self._parameters.zone(expression)
            case plan.Null(type=type_):
                return sa.cast(sa.null(), sql_type(type_))
            case plan.Zero(type=type_):
                return sa.cast(sa.literal_column("'0'" if type_ == plan.INTERVAL else "0"), sql_type(type_))
            case plan.Truth(value=value):
                return sa.null() if value is None else sa.true() if value else sa.false()
            case plan.Whole(value=number):
                return sa.cast(sa.literal_column(str(number)), sa.Integer())
            case plan.RowCap():
                return self._parameters.page(ROW_CAP)
            case plan.RolledUp(keys=keys):
                lacking: list[SQL] = [sa.func.grouping(self.write(key), type_=sa.Integer()) for key in keys]
                return reduce(add, lacking)
            case plan.And(parts=parts):
                return sa.and_(sa.true(), *(self.write(part) for part in parts))
            case plan.Or(parts=parts):
                return sa.or_(sa.false(), *(self.write(part) for part in parts))
            case plan.Not(part=plan.IsNull(part=part)):
                return self.write(part).is_not(None)
            case plan.Not(part=part):
                return sa.not_(self.write(part).self_group())
            case plan.IsNull(part=part):
                return self.write(part).is_(None)
            case plan.Exists(relation=relation):
                return self._exists(relation)
            case plan.Within(left=left, relation=relation):
                return self.write(left).in_(self._alone(relation))
            case plan.OneValue(relation=relation):
                return self._alone(relation).scalar_subquery()
            case plan.AggregateCall():
                return self._aggregate(expression)
            case plan.Regrouped():
                return self._regrouped(expression)
            case plan.Single():
                return self._single(expression)
            case plan.WindowCall():
                return self._window(expression)
            case plan.Compare() | plan.AnyOf() | plan.Match() | plan.Holds():
                return self._condition(expression)
            case _:
                return self._moment(expression)

    def _condition(self, expression: plan.Compare | plan.AnyOf | plan.Match | plan.Holds) -> SQL:
        left = self.write(expression.left)
        if isinstance(expression, plan.Match):
            return self._match(expression, left)
        right = self.write(expression.right)
        if isinstance(expression, plan.Holds):
            json = expression.left.type.kind is DataType.JSONB
            operator = {"any": "?|" if json else "&&", "all": "?&" if json else "@>"}[expression.kind]
            return left.op(operator, is_comparison=True)(right)
        if isinstance(expression, plan.AnyOf):
            if expression.fold_case:
                # Lower-cases a whole array at once, by way of its text form, so that the list stays one parameter.
                right = sa.cast(sa.func.lower(sa.cast(right, pg.TEXT())), pg.ARRAY(pg.TEXT()))
                left = sa.func.lower(left)
            return left == sa.any_(right)
        if expression.fold_case:
            left, right = sa.func.lower(left), sa.func.lower(right)
        return left.op(expression.operator, is_comparison=True)(right)

    def _match(self, expression: plan.Match, left: SQL) -> SQL:
        pattern = self.write(expression.pattern)
        if expression.kind == "like":
            return left.ilike(pattern) if expression.fold_case else left.like(pattern)
        return left.op("~*" if expression.fold_case else "~", is_comparison=True)(pattern)

    def _moment(self, expression: Expression) -> SQL:
        match expression:
            case plan.Arithmetic():
                return write_arithmetic(expression, self.write)
            case plan.Case():
                return write_case(expression, self.write)
            case plan.Call():
                return write_call(expression, self.write)
            case plan.Cast(part=part):
                return sa.cast(self.write(part), sql_type(expression.type))
            case plan.Differs(left=left, right=right):
                return self.write(left).is_distinct_from(self.write(right))
            case plan.LocalTime(part=part, zone=zone) | plan.Instant(part=part, zone=zone):
                return sa.func.timezone(self.write(zone), self.write(part), type_=sql_type(expression.type))
            case plan.AsDate(part=part):
                return sa.cast(self.write(part), sa.Date())
            case plan.AsTimestamp(part=part):
                return sa.cast(self.write(part), pg.TIMESTAMP())
            case plan.AsText(part=part):
                return sa.cast(self.write(part), pg.TEXT())
            case plan.Aligned(part=part, starts=starts, labels=labels):
                place = sa.func.width_bucket(self.write(part), self.write(starts), type_=sa.Integer())
                return sa.type_coerce(_element(self.write(labels), place), sql_type(expression.type))
            case plan.Stepped(part=part, first=first):
                return stepped(self.write(part), first.granularity, self.write(first))
            case plan.HourOfDay(part=part, first=first, last=last, zone=zone):
                return hour_of_day(self.write(part), self.write(first), self.write(last), self.write(zone))
            case plan.Truncate(part=part, granularity=granularity, zone=zone):
                arguments = [_word(str(granularity)), self.write(part)]
                if zone is not None:
                    arguments.append(self.write(zone))
                return sa.func.date_trunc(*arguments, type_=sql_type(expression.type))
            case plan.Shift(part=part, unit=unit, count=count):
                span = sa.cast(_word(f"{abs(count)} {unit}"), pg.INTERVAL())
                moved = self.write(part).op("+" if count > 0 else "-")(span)
                return sa.type_coerce(moved, sql_type(expression.type)).self_group()
            case plan.WidthBin(part=part, width=width, start=start):
                return width_bin(self.write(part), self.write(width), None if start is None else self.write(start))
            case plan.BoundsBin(part=part, bounds=bounds):
                return bounds_bin(self.write(part), self.write(bounds))
            case plan.Extract(part=part, granularity=granularity):
                return sa.cast(sa.extract(_FIELDS[granularity], self.write(part)), sa.Integer())
            case _:  # pragma: no cover - a new expression must be written here
                raise NotImplementedError(type(expression).__name__)

    def _aggregate(self, call: plan.AggregateCall) -> SQL:
        argument = None if call.argument is None else self.write(call.argument)
        if argument is None:
            written: Any = sa.func.count()
        elif call.function is Aggregate.COUNT_DISTINCT:
            written = sa.func.count(argument.distinct())
        elif call.function in (Aggregate.MEDIAN, Aggregate.PERCENTILE):
            fraction: SQL = sa.literal_column("0.5") if call.p is None else self.write(call.p)
            written = sa.func.percentile_cont(fraction).within_group(argument)
        elif call.function is Aggregate.STRING_AGG:
            separator = _word(", ") if call.separator is None else self.write(call.separator)
            written = sa.func.string_agg(argument, self._in_order(separator, call), type_=pg.TEXT())
        elif call.function is Aggregate.ARRAY_AGG:
            written = sa.func.array_agg(self._in_order(argument, call), type_=sql_type(call.type))
        elif call.function in (Aggregate.FIRST, Aggregate.LAST):  # whose order is turned round
            written = sa.func.array_agg(self._in_order(argument, call), type_=pg.ARRAY(sql_type(call.type)))
            if call.where is not None:
                written = written.filter(self.write(call.where))
            return _element(written, sa.literal_column("1"))
        elif call.function is Aggregate.APPROX_COUNT_DISTINCT:
            return approximate_count(call, argument, None if call.where is None else self.write(call.where))
        else:
            function = getattr(sa.func, _FUNCTIONS.get(call.function, str(call.function)))
            written = function(argument, type_=sql_type(call.type))
        return written if call.where is None else written.filter(self.write(call.where))

    def _regrouped(self, whole: plan.Regrouped) -> SQL:
        first, *others = (self.write(part) for part in whole.parts)
        match whole.function:
            case Aggregate.COUNT:
                return sa.cast(sa.func.coalesce(sa.func.sum(first), sa.literal_column("0")), sql_type(whole.type))
            case Aggregate.SUM:
                return sa.cast(sa.func.sum(first), sql_type(whole.type))
            case Aggregate.AVG:  # PostgreSQL's own divides the same two numerics
                (count,) = others
                total: SQL = sa.cast(sa.func.sum(first), sql_type(whole.type))
                return total.op("/")(sa.func.nullif(sa.func.sum(count), sa.literal_column("0")))
            case _:
                return getattr(sa.func, str(whole.function))(first, type_=sql_type(whole.type))

    def _in_order(self, last: SQL, call: plan.AggregateCall) -> Any:
        """The last argument of an aggregate, with the order of its rows behind it."""
        keys: list[Any] = []
        for part, descending in zip(call.order, call.descending, strict=True):
            written = self.write(part)
            keys.append(written.desc().nulls_last() if descending else written)
        return pg.aggregate_order_by(last, *keys)

    def _window(self, call: plan.WindowCall) -> SQL:
        function = getattr(sa.func, call.function)(*(self.write(each) for each in call.arguments))
        order: list[SQL] = []
        for part, descending in zip(call.order, call.descending, strict=True):
            written = self.write(part)
            order.append(written.desc().nulls_last() if descending else written)
        partition = [self.write(part) for part in call.partition]
        written = sa.over(function, partition_by=partition or None, order_by=order or None, rows=call.frame)
        return sa.type_coerce(written, sql_type(call.type))

    def _single(self, single: plan.Single) -> SQL:
        part = self.write(single.part)
        kind = single.type.kind
        if kind is DataType.BOOLEAN:
            written: SQL = sa.func.bool_or(part)
        elif kind in ORDERED or kind is DataType.ARRAY:  # of arrays an array's first element would be none of them
            written = sa.func.max(part, type_=sql_type(single.type))
        else:
            gathered = sa.func.array_agg(part, type_=pg.ARRAY(sql_type(single.type)))
            written = gathered.filter(part.is_not(None))[1]
        if single.default is None:
            return written
        if single.unless is None:
            return sa.func.coalesce(written, sa.literal_column("0"))
        return sa.case((sa.func.bool_or(self.write(single.unless)), written), else_=self.write(plan.Zero(single.type)))


def _element(array: SQL, place: SQL) -> SQL:
    """An array's element; a cast before the brackets would take them for a part of its type."""
    return Grouping(array)[place]


def _word(name: str) -> SQL:
    """A word of PostgreSQL's own, from a closed list, written as a literal."""
    return sa.literal(name, pg.TEXT(), literal_execute=True)

"""A scalar expression's tree as typed plan expressions.

Every one that comes out is total, so that no error tells of a row out of
sight. Integers are computed one size up, a division by zero is NULL, and a cast of text that is no number is NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    And,
    Arithmetic,
    AsTimestamp,
    Call,
    Case,
    Comparator,
    Compare,
    Conversion,
    Differs,
    Expression,
    IsNull,
    LocalTime,
    Match,
    Not,
    Null,
    Or,
    Parameter,
    Truth,
    ValueType,
    Zone,
)
from prismiq.plan.question import Issues
from prismiq.plan.resolve.conditions import build_condition
from prismiq.plan.resolve.scalar_calls import call, json_step
from prismiq.plan.resolve.scalar_casts import UnfitError, bound_as_numeric, cast_to, comparable, widened
from prismiq.plan.resolve.windows import window
from prismiq.query.expressions import tree as t
from prismiq.query.filters import Operator
from prismiq.query.shape import ConditionShape, Form, Slot
from prismiq.schema.types import FLOATS, INTEGERS, MOMENTS, NUMBERS, DataType

Tree = t.Tree[Slot]
Resolve = Callable[[t.Name], Expression | None]

_COMPARISONS = {
    "=": Operator.EQ,
    "<>": Operator.NEQ,
    "<": Operator.LT,
    "<=": Operator.LTE,
    ">": Operator.GT,
    ">=": Operator.GTE,
}
_MIRRORED: dict[str, Comparator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BY_FORM = {
    Form.BOOLEAN: BOOLEAN,
    Form.INTEGER: INTEGER,
    Form.NUMBER: NUMERIC,
    Form.TEXT: TEXT,
    Form.DATE: TEXT,
}


class _UnresolvedError(Exception):
    """A name is not known; its issue is told elsewhere."""


def build_scalar(
    tree: Tree, resolve: Resolve, zone: Zone, loc: Location, issues: Issues, *, windows: bool = False
) -> Expression | None:
    """Types an expression, its names resolved by `resolve`; `windows` says whether it may use window functions.

    Returns None, with the issues noted, where it cannot be.
    """
    before = len(issues.found)
    try:
        found = _Builder(resolve, zone, loc, issues, windows=windows).build(tree)
    except _UnresolvedError:
        return None
    except UnfitError as error:
        if len(issues.found) == before:
            issues.add(loc, IssueCode.TYPE_MISMATCH, error.message, error.hint)
        return None
    return found if len(issues.found) == before else None


class _Builder:
    def __init__(self, resolve: Resolve, zone: Zone, loc: Location, issues: Issues, *, windows: bool) -> None:
        self.windows = windows
        self.resolve = resolve
        self.zone = zone
        self.loc = loc
        self.issues = issues

    def build(self, tree: Tree, wanted: ValueType | None = None) -> Expression:
        """The expression; a literal takes the `wanted` type, where there is one."""
        match tree:
            case t.Name():
                found = self.resolve(tree)
                if found is None:
                    raise _UnresolvedError  # the resolver has said why
                return found
            case t.Value(value=slot):
                return self._literal(slot, wanted)
            case t.Interval(value=slot):
                return Parameter(slot.index, INTERVAL, Conversion.SPAN, loc=self.loc)
            case t.Constant(value=value):
                return Null(wanted or TEXT) if value is None else Truth(value)
            case t.Operation():
                return self._operation(tree)
            case t.Case():
                return self._case(tree)
            case t.Cast(part=part):
                if isinstance(part, t.Value):
                    return self._literal(part.value, ValueType(tree.kind))
                return cast_to(self.build(part), tree.kind, self.zone, tree.precision, tree.scale)
            case t.Call():
                return self._call(tree)
            case t.Window():
                return self._window(tree)

    def _window(self, tree: t.Window[Slot]) -> Expression:
        if not self.windows:
            raise UnfitError(
                "A window function has its place in calculations and in columns of row queries, not within another.",
                "Move it to `calculations`, or to `columns` of a row query.",
            )
        self.windows = False  # PostgreSQL has none within another
        found = window(tree, self.build, self._alike)
        self.windows = True
        return found

    def _literal(self, slot: Slot, wanted: ValueType | None) -> Expression:
        type_ = wanted or _BY_FORM[slot.form]
        if type_.kind in NUMBERS and slot.form in (Form.INTEGER, Form.NUMBER):
            # As wide as it is written; PostgreSQL widens it to what it meets.
            type_ = type_ if type_.kind in FLOATS else BIGINT if slot.form is Form.INTEGER else NUMERIC
        operand = Null(type_)
        shape = ConditionShape(("value",), Operator.EQ, slot, True, self.loc)
        if type_.kind in MOMENTS and slot.form is Form.DATE and type_.kind is not DataType.DATE:
            return Parameter(slot.index, type_, Conversion.DAY_START, loc=self.loc)
        built = build_condition(shape, operand, self.zone, self.issues)
        if not isinstance(built, Compare):
            raise UnfitError("unfit literal")
        return built.right

    def _operation(self, tree: t.Operation[Slot]) -> Expression:
        operator, operands = tree.operator, tree.operands
        match operator:
            case "and":
                return And(tuple(self._boolean(part) for part in operands))
            case "or":
                return Or(tuple(self._boolean(part) for part in operands))
            case "not":
                return Not(self._boolean(operands[0]))
            case "is null":
                return IsNull(self.build(operands[0]))
            case "is true" | "is false":
                part = self._boolean(operands[0])
                return And((part if operator == "is true" else Not(part), Not(IsNull(part))))
            case "=" | "<>" | "<" | "<=" | ">" | ">=":
                return self._compare(operator, operands[0], operands[1])
            case "is distinct from" | "is not distinct from":
                left, right = self._alike(operands)
                differs = Differs(left, right)
                return differs if operator == "is distinct from" else Not(differs)
            case "in":
                return Or(tuple(self._compare("=", operands[0], item) for item in operands[1:]))
            case "between":
                subject, low, high = operands
                return And((self._compare(">=", subject, low), self._compare("<=", subject, high)))
            case "like" | "ilike":
                return self._match("like", operands[0], operands[1], fold=operator == "ilike")
            case "~" | "~*":
                return self._match("regex", operands[0], operands[1], fold=operator == "~*")
            case "negate":
                part = self.build(operands[0])
                if part.type.kind is DataType.INTERVAL or part.type.kind in NUMBERS:
                    return Call("negate", (widened(part),), widened(part).type)
                raise UnfitError(f"A {part.type.kind} has no negative.")
            case "||":
                return Call("||", tuple(self._text(part) for part in operands), TEXT)
            case "->" | "->>":
                return json_step(operator, self.build(operands[0]), operands[1], self.loc)
            case "+" | "-" | "*" | "/" | "%":
                return self._arithmetic(operator, operands[0], operands[1])
            case _:
                raise UnfitError(f'"{operator}" is not part of expressions.')

    def _boolean(self, tree: Tree) -> Expression:
        built = self.build(tree, BOOLEAN)
        if built.type.kind is not DataType.BOOLEAN:
            raise UnfitError(f"A condition is expected, and this is {built.type.kind}.", "Compare it with something.")
        return built

    def _text(self, tree: Tree) -> Expression:
        built = self.build(tree, TEXT)
        return built if built.type.kind is DataType.TEXT else cast_to(built, DataType.TEXT, self.zone)

    def _compare(self, operator: str, left: Tree, right: Tree) -> Expression:
        if isinstance(left, t.Value) and not isinstance(right, t.Value):
            left, right, operator = right, left, _MIRRORED[operator]
        operand = self.build(left)
        if isinstance(right, t.Value):
            shape = ConditionShape(("expression",), _COMPARISONS[operator], right.value, True, self.loc)
            built = build_condition(shape, operand, self.zone, self.issues)
            if built is None:
                raise UnfitError("unfit value")  # the condition has said why
            return built
        other = self.build(right, operand.type)
        first, second = comparable(operand, other, self.zone)
        return Compare(cast("Comparator", operator), first, second)

    def _alike(self, trees: tuple[Tree, ...]) -> list[Expression]:
        """The parts in one common type; literals take that of the others."""
        known = [self.build(each) for each in trees if not isinstance(each, t.Value | t.Constant)]
        type_ = _common([each.type for each in known]) if known else None
        built = [self.build(each, type_) for each in trees]
        type_ = _common([each.type for each in built])
        return [each if each.type.kind is type_.kind else cast_to(each, type_.kind, self.zone) for each in built]

    def _match(self, kind: Literal["like", "regex"], left: Tree, right: Tree, *, fold: bool) -> Expression:
        if not isinstance(right, t.Value) or right.value.form not in (Form.TEXT, Form.DATE):
            raise UnfitError(f"The pattern of {'LIKE' if kind == 'like' else '~'} is a literal.")
        conversion = Conversion.PATTERN if kind == "like" else Conversion.PLAIN
        pattern = Parameter(right.value.index, TEXT, conversion, loc=self.loc)
        return Match(kind, self._text(left), pattern, fold)

    def _case(self, tree: t.Case[Slot]) -> Expression:
        conditions = tuple(self._boolean(when) for when, _ in tree.branches)
        parts = tuple(then for _, then in tree.branches) + ((tree.otherwise,) if tree.otherwise is not None else ())
        results = self._alike(parts)
        otherwise = results.pop() if tree.otherwise is not None else None
        return Case(conditions, tuple(results), otherwise, results[0].type)

    def _call(self, tree: t.Call[Slot]) -> Expression:
        if tree.function in ("coalesce", "nullif", "greatest", "least"):
            arguments = self._alike(tree.arguments)
            return Call(tree.function, tuple(arguments), arguments[0].type)
        built = [self.build(each) for each in tree.arguments]
        return call(tree.function, built, tree.unit, self.zone, lambda each: cast_to(each, DataType.TEXT, self.zone))

    def _arithmetic(self, operator: Literal["+", "-", "*", "/", "%"], left: Tree, right: Tree) -> Expression:
        first, second = self.build(left), self.build(right)
        kinds = first.type.kind, second.type.kind
        if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
            return numeric(operator, first, second)
        if operator in ("+", "-"):
            found = self._moment_arithmetic(operator, first, second)
            if found is not None:
                return found
        raise UnfitError(f'"{operator}" does not fit {kinds[0]} and {kinds[1]}.')

    def _moment_arithmetic(self, operator: Literal["+", "-"], left: Expression, right: Expression) -> Expression | None:
        """Moments and spans, by the clock of the query's time zone."""
        kinds = left.type.kind, right.type.kind
        if operator == "+" and kinds[0] is DataType.INTERVAL and kinds[1] in MOMENTS:
            return self._moment_arithmetic(operator, right, left)
        if kinds[0] is DataType.INTERVAL and kinds[1] is DataType.INTERVAL:
            return Arithmetic(operator, left, right, INTERVAL)
        if kinds[0] in MOMENTS and kinds[1] is DataType.INTERVAL:
            if kinds[0] is DataType.TIMESTAMPTZ:
                wall = Arithmetic(operator, LocalTime(left, self.zone), right, TIMESTAMP)
                return LocalTime(wall, self.zone, TIMESTAMPTZ)
            return Arithmetic(operator, left if kinds[0] is DataType.TIMESTAMP else AsTimestamp(left), right, TIMESTAMP)
        if kinds[0] is DataType.DATE and kinds[1] in INTEGERS:
            return Arithmetic(operator, left, cast_to(right, DataType.INTEGER, self.zone), DATE)
        if operator == "-" and kinds[0] in MOMENTS and kinds[1] in MOMENTS:
            if kinds == (DataType.DATE, DataType.DATE):
                return Arithmetic("-", left, right, INTEGER)
            if kinds == (DataType.TIMESTAMPTZ, DataType.TIMESTAMPTZ):
                return Arithmetic("-", left, right, INTERVAL)
            sides = [cast_to(each, DataType.TIMESTAMP, self.zone) for each in (left, right)]
            return Arithmetic("-", sides[0], sides[1], INTERVAL)
        return None


def numeric(operator: Literal["+", "-", "*", "/", "%"], left: Expression, right: Expression) -> Expression:
    """Arithmetic of two numbers, in a type with room for the result. Raises UnfitError where there is none."""
    kinds = {left.type.kind, right.type.kind}
    if kinds & FLOATS:
        if operator == "%":  # PostgreSQL has it for exact numbers alone
            raise UnfitError(f'"%" does not fit {left.type.kind} and {right.type.kind}.', "Cast them to numeric.")
        return Arithmetic(operator, left, right, DOUBLE)
    if operator == "/":
        return Arithmetic(operator, bound_as_numeric(left), bound_as_numeric(right), NUMERIC)
    # Two integers of 32 bits cannot leave 64; anything larger is computed as numeric, which does not overflow.
    small = kinds <= {DataType.SMALLINT, DataType.INTEGER}
    if small:
        return Arithmetic(operator, left, right, BIGINT)
    return Arithmetic(operator, bound_as_numeric(left), bound_as_numeric(right), NUMERIC)


def _common(types: list[ValueType]) -> ValueType:
    kinds = {each.kind for each in types}
    if len(kinds) == 1:
        return types[0]
    if kinds <= NUMBERS:
        if kinds & FLOATS:
            return DOUBLE
        return NUMERIC if DataType.NUMERIC in kinds else BIGINT if DataType.BIGINT in kinds else INTEGER
    if kinds <= MOMENTS:
        return TIMESTAMPTZ if DataType.TIMESTAMPTZ in kinds else TIMESTAMP
    if kinds <= {DataType.TEXT, DataType.ENUM}:
        return TEXT
    names = " and ".join(sorted(str(kind) for kind in kinds))
    raise UnfitError(f"The parts are of different types: {names}.", "Cast them to one.")

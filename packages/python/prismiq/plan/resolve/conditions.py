"""A condition of a definition as a typed expression: which operator fits which type, and what a literal means there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import (
    BIGINT,
    DATE,
    NUMERIC,
    TEXT,
    And,
    AnyOf,
    AsDate,
    AsText,
    Comparator,
    Compare,
    Conversion,
    Expression,
    Holds,
    Instant,
    IsNull,
    LocalTime,
    Match,
    Not,
    Or,
    Parameter,
    Truth,
    ValueType,
    Zone,
)
from prismiq.plan.question import Issues
from prismiq.plan.resolve.scalar_casts import UnfitError, comparable
from prismiq.plan.trees import conjunction, rewrite
from prismiq.query.fields import dotted
from prismiq.query.filters import LISTS, NO_VALUE, PAIRS, PATTERNS, PERIODS, Operator
from prismiq.query.shape import Compared, ConditionShape, FieldShape, Form, Slot
from prismiq.schema.types import EXACT, FLOATS, INTEGERS, MOMENTS, DataType

COMPARATORS: dict[Operator, Comparator] = {
    Operator.EQ: "=",
    Operator.NEQ: "<>",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
_MOMENTS = frozenset({DataType.TIMESTAMP, DataType.TIMESTAMPTZ})
_NUMBER_FORMS = frozenset({Form.INTEGER, Form.NUMBER, Form.TEXT, Form.DATE})
_TEXT_FORMS = frozenset({Form.TEXT, Form.DATE})
_FORMS: dict[DataType, frozenset[Form]] = {
    **dict.fromkeys(EXACT | FLOATS, _NUMBER_FORMS),
    DataType.BOOLEAN: frozenset({Form.BOOLEAN}),
    DataType.DATE: frozenset({Form.DATE}),
    DataType.JSONB: frozenset(Form) - {Form.NULL, Form.EMPTY},
    DataType.ARRAY: frozenset(),  # a list, whose values are of the element's forms
}
_PATTERN_CONVERSIONS = {
    Operator.CONTAINS: Conversion.CONTAINS,
    Operator.NOT_CONTAINS: Conversion.CONTAINS,
    Operator.STARTS_WITH: Conversion.STARTS_WITH,
    Operator.ENDS_WITH: Conversion.ENDS_WITH,
    Operator.LIKE: Conversion.PATTERN,
    Operator.ILIKE: Conversion.PATTERN,
}
PERIOD_HINT = 'Write a name ("last_month"), {"last": 7, "unit": "day"}, or {"from": …, "to": …}.'
_UNCOMPARED = frozenset({DataType.JSON, DataType.BYTEA})
_NOUNS = {
    Form.BOOLEAN: "a boolean",
    Form.INTEGER: "an integer",
    Form.NUMBER: "a number",
    Form.TEXT: "text",
    Form.DATE: "a date",
    Form.OBJECT: "an object or a mix",
    Form.LIST: "a list",
}

_WRITTEN = {DataType.DATE: "Write it as YYYY-MM-DD.", DataType.BOOLEAN: "Write it as true or false."}

Refer = Callable[[FieldShape], Expression | None]


def build_condition(
    shape: ConditionShape, operand: Expression, zone: Zone, issues: Issues, refer: Refer | None = None
) -> Expression | None:
    """Types a condition on `operand`; `refer` finds the field that it may compare with.

    Returns None, with the issues noted, where it makes no sense.
    """
    found = _Builder(shape, operand, zone, issues, refer).build()
    return rewrite(found, _by_stored) if found is not None and isinstance(operand, Instant) else found


def _by_stored(condition: Expression) -> Expression | None:
    """A comparison of the stored wall time itself, so that PostgreSQL can use its index, where every hour has one."""
    match condition:
        case Compare(left=Instant(part=part, zone=Zone(name="UTC" | "Etc/UTC") as zone), right=Parameter() as value):
            return replace(condition, left=part, right=LocalTime(value, zone))
        case _:
            return None


class _Builder:
    def __init__(
        self, shape: ConditionShape, operand: Expression, zone: Zone, issues: Issues, refer: Refer | None
    ) -> None:
        self.refer = refer
        self.shape = shape
        self.operand = operand
        self.kind = operand.type.kind
        self.zone = zone
        self.issues = issues

    def build(self) -> Expression | None:
        operator, value = self.shape.operator, self.shape.value
        if operator in NO_VALUE:
            if value is not None:
                return self._refuse("value", IssueCode.INVALID, f"{operator} takes no value.", "Leave `value` out.")
            null = IsNull(self.operand)
            return null if operator is Operator.IS_NULL else Not(null)
        if value is None:
            return self._refuse(
                "value", IssueCode.MISSING, f"{operator} needs a value.", 'Add a `value`, or ask "is_null".'
            )
        if self.kind in _UNCOMPARED or not (self.operand.type.comparable or operator in PATTERNS | LISTS):
            return self._unfit("Only is_null and is_not_null can be asked of it.")
        if operator in PAIRS:
            return self._between(value, negated=operator is Operator.NOT_BETWEEN)
        if operator in PERIODS:
            return self._period(value, negated=operator is Operator.NOT_IN_PERIOD)
        if isinstance(value, tuple):  # pragma: no cover - only PAIRS are split in two
            raise AssertionError(operator)
        if isinstance(value, FieldShape):
            return self._with_field(value)
        if self._has_null(value):
            return None
        if operator in PATTERNS:
            return self._pattern(value)
        if operator in (Operator.HAS_ANY, Operator.HAS_ALL):
            return self._holds(value)
        if operator in (Operator.IN, Operator.NOT_IN):
            return self._in(value, negated=operator is Operator.NOT_IN)
        return self._compare(operator, value)

    def _with_field(self, named: FieldShape) -> Expression | None:
        """Against another field, as an expression would compare them."""
        if self.shape.operator not in COMPARATORS:
            hint = f"Fields are compared by {', '.join(str(each) for each in COMPARATORS)} and between."
            return self._refuse("value", IssueCode.INVALID_VALUE, f"{self.shape.operator} takes no field.", hint)
        return self._compare(self.shape.operator, named)

    def _period(self, value: Compared | tuple[Compared | None, Compared | None], *, negated: bool) -> Expression | None:
        """From the first instant on, and before the end."""
        if self.kind not in MOMENTS:
            return self._unfit("A period is for dates and timestamps.")
        if isinstance(value, FieldShape):
            return self._with_field(value)
        if isinstance(value, Slot):
            if self._has_null(value):
                return None
            if value.form not in (Form.TEXT, Form.OBJECT):
                return self._refuse("value", IssueCode.INVALID_VALUE, "This is not a period.", PERIOD_HINT)
            start = Parameter(value.index, self.operand.type, Conversion.PERIOD_START, loc=value.loc)
            end = Parameter(value.index, self.operand.type, Conversion.PERIOD_END, loc=value.loc)
            parts: list[Expression | None] = [Compare(">=", self.operand, start), Compare("<", self.operand, end)]
        else:
            if any(isinstance(slot, Slot) and self._has_null(slot) for slot in value):
                return None
            bounds = zip(value, (Operator.GTE, Operator.LT), strict=True)
            parts = [self._compare(operator, slot) for slot, operator in bounds if slot is not None]
        if None in parts:
            return None
        inside = conjunction(tuple(part for part in parts if part is not None))
        return Not(inside) if negated else inside

    def _between(
        self, value: Compared | tuple[Compared | None, Compared | None], *, negated: bool
    ) -> Expression | None:
        if not isinstance(value, tuple) or value[0] is None or value[1] is None:
            return self._refuse(
                "value",
                IssueCode.INVALID_VALUE,
                f"{self.shape.operator} needs a list of two values.",
                "Write [low, high]; both are included.",
            )
        if any(isinstance(slot, Slot) and self._has_null(slot) for slot in value):
            return None
        low = self._compare(Operator.LT if negated else Operator.GTE, value[0])
        high = self._compare(Operator.GT if negated else Operator.LTE, value[1])
        if low is None or high is None:
            return None
        return Or((low, high)) if negated else And((low, high))

    def _compare(self, operator: Operator, slot: Compared) -> Expression | None:
        if isinstance(slot, FieldShape):
            other = None if self.refer is None else self.refer(slot)
            if other is None:
                return None
            try:
                left, right = comparable(self.operand, other, self.zone)
            except UnfitError as error:
                return self._refuse("value", IssueCode.TYPE_MISMATCH, error.message, "Compare fields of one type.")
            return Compare(COMPARATORS[operator], left, right, self._fold())
        if self.kind in _MOMENTS and slot.form is Form.DATE:
            return self._on_day(operator, slot)
        if self.kind is DataType.ARRAY and slot.form is Form.LIST:
            right: Expression | None = self._elements(slot)
        else:
            right = self._parameter(slot, slot.form)
        if right is None:
            return None
        return Compare(COMPARATORS[operator], self.operand, right, self._fold())

    def _on_day(self, operator: Operator, slot: Slot) -> Expression:
        """A date against a timestamp means that whole local day."""
        start = Parameter(slot.index, self.operand.type, Conversion.DAY_START, loc=slot.loc)
        after = Parameter(slot.index, self.operand.type, Conversion.NEXT_DAY, loc=slot.loc)
        if operator is Operator.EQ:
            return And((Compare(">=", self.operand, start), Compare("<", self.operand, after)))
        if operator is Operator.NEQ:
            return Or((Compare("<", self.operand, start), Compare(">=", self.operand, after)))
        comparator: Comparator = ">=" if operator in (Operator.GT, Operator.GTE) else "<"
        return Compare(comparator, self.operand, after if operator in (Operator.GT, Operator.LTE) else start)

    def _in(self, slot: Slot, *, negated: bool) -> Expression | None:
        if slot.form is not Form.LIST or slot.item is None:
            return self._refuse(
                "value",
                IssueCode.INVALID_VALUE,
                f"{self.shape.operator} needs a list.",
                'For one value use "eq".',
            )
        if self.kind in (DataType.ARRAY, DataType.JSONB):
            return self._unfit('Ask it with "has_any" or "has_all".')
        if slot.item is Form.EMPTY:
            return Truth(negated)  # of null too: nothing is in an empty list
        if self.kind in _MOMENTS and slot.mixed:
            return self._refuse(
                "value",
                IssueCode.INVALID_VALUE,
                "The list has dates, which mean whole days, and timestamps, which mean instants.",
                "Write one kind a list, and combine two lists with `or`.",
            )
        operand = self.operand
        if self.kind in _MOMENTS and slot.item is Form.DATE:
            wall = LocalTime(operand, self.zone) if self.kind is DataType.TIMESTAMPTZ else operand
            operand = AsDate(wall)
            right: Expression | None = Parameter(slot.index, DATE, many=True, loc=slot.loc)
        else:
            right = self._parameter(slot, slot.item, many=True)
        if right is None:
            return None
        found = AnyOf(operand, right, self._fold())
        return Not(found) if negated else found

    def _pattern(self, slot: Slot) -> Expression | None:
        operator = self.shape.operator
        if self.kind not in (DataType.TEXT, DataType.ENUM):
            return self._unfit(f"{operator} is for text.")
        if slot.form not in _TEXT_FORMS:
            return self._mismatch(slot.form)
        operand = AsText(self.operand) if self.kind is DataType.ENUM else self.operand
        if operator is Operator.REGEX:
            pattern = Parameter(slot.index, TEXT, loc=slot.loc)
            return Match("regex", operand, pattern, not self.shape.case_sensitive)
        pattern = Parameter(slot.index, TEXT, _PATTERN_CONVERSIONS[operator], loc=slot.loc)
        fold = operator is Operator.ILIKE or not self.shape.case_sensitive
        match = Match("like", operand, pattern, fold)
        return Not(match) if operator is Operator.NOT_CONTAINS else match

    def _holds(self, slot: Slot) -> Expression | None:
        kind = "any" if self.shape.operator is Operator.HAS_ANY else "all"
        if slot.form is not Form.LIST:
            message = f"{self.shape.operator} needs a list."
            return self._refuse("value", IssueCode.INVALID_VALUE, message, 'For one value write ["value"].')
        if self.kind is DataType.JSONB:
            if slot.item not in (*_TEXT_FORMS, Form.EMPTY):
                return self._mismatch(slot.item)
            return Holds(kind, self.operand, Parameter(slot.index, TEXT, many=True, loc=slot.loc))
        if self.kind is DataType.ARRAY:
            elements = self._elements(slot)
            return None if elements is None else Holds(kind, self.operand, elements)
        return self._unfit(f"{self.shape.operator} is for arrays and jsonb keys.")

    def _elements(self, slot: Slot) -> Parameter | None:
        element = self.operand.type.element
        if element is None or element not in ELEMENTS:
            return self._unfit("Only is_null and is_not_null can be asked of an array of this type.")
        type_ = ValueType(element)
        if slot.item is not Form.EMPTY and slot.item not in _forms(element):
            return self._mismatch(slot.item)
        return Parameter(slot.index, type_, many=True, loc=slot.loc)

    def _parameter(self, slot: Slot, form: Form, *, many: bool = False) -> Parameter | None:
        if form is not Form.EMPTY and form not in _forms(self.kind):
            return self._mismatch(form)
        type_ = self.operand.type
        if self.kind in INTEGERS:
            # A fraction is compared as a number, so that 1.5 does not find 1.
            type_ = NUMERIC if form is Form.NUMBER else BIGINT
        return Parameter(slot.index, type_, many=many, loc=slot.loc)

    def _fold(self) -> bool:
        return not self.shape.case_sensitive and self.kind is DataType.TEXT

    def _has_null(self, slot: Slot) -> bool:
        if slot.form is Form.NULL or slot.has_null:
            self._refuse(
                "value",
                IssueCode.NULL_VALUE,
                f"{self.shape.operator} cannot compare with null: in SQL nothing equals null.",
                'Ask "is_null" or "is_not_null" instead; combine with `or` where both are wanted.',
            )
            return True
        return False

    def _mismatch(self, form: Form | None) -> None:
        noun = _NOUNS.get(form or Form.OBJECT, "a value of another kind")
        hint = _WRITTEN.get(self.kind, f"Give a value that fits {self.kind}.")
        self._refuse(
            "value",
            IssueCode.TYPE_MISMATCH,
            f"{self._subject()} is {self.kind}, and the value is {noun}.",
            hint,
        )

    def _unfit(self, hint: str) -> None:
        message = f"{self._subject()} is {self.kind}, which {self.shape.operator} does not fit."
        self._refuse("operator", IssueCode.TYPE_MISMATCH, message, hint)

    def _refuse(self, key: str, code: IssueCode, message: str, hint: str | None = None) -> None:
        self.issues.add((*self.shape.loc, key), code, message, hint)

    def _subject(self) -> str:
        return f'"{dotted(self.shape.field)}"'


ELEMENTS = frozenset(DataType) - {
    DataType.ENUM,
    DataType.OTHER,
    DataType.ARRAY,
    DataType.JSON,
    DataType.JSONB,
    DataType.BYTEA,
}


def _forms(kind: DataType) -> frozenset[Form]:
    return _FORMS.get(kind, _TEXT_FORMS)

"""The filter tree: `and`, `or`, `not`, and conditions on one field."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from prismiq.query.expressions import ExpressionText
from prismiq.query.fields import Name, Reference, as_items

if TYPE_CHECKING:
    from prismiq.query.definition import QueryDefinition


class Operator(str, Enum):
    """What a condition can ask of a field. NULL follows SQL: no operator but `is_null` finds it."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NOT_IN = "not_in"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    LIKE = "like"
    ILIKE = "ilike"
    REGEX = "regex"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    IN_PERIOD = "in_period"
    NOT_IN_PERIOD = "not_in_period"

    def __str__(self) -> str:
        return self.value


NO_VALUE = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
LISTS = frozenset({Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL})
PAIRS = frozenset({Operator.BETWEEN, Operator.NOT_BETWEEN})
PERIODS = frozenset({Operator.IN_PERIOD, Operator.NOT_IN_PERIOD})
PATTERNS = frozenset(
    {
        Operator.CONTAINS,
        Operator.NOT_CONTAINS,
        Operator.STARTS_WITH,
        Operator.ENDS_WITH,
        Operator.LIKE,
        Operator.ILIKE,
        Operator.REGEX,
    }
)


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Condition(_Node):
    """One question to one field, or to an expression.

    `value` is one value, a list for `in`, `not_in`, `has_any` and `has_all`, `[low, high]` (both included) for
    `between`, a period for `in_period` (`"last_month"`, `{"last": 7, "unit": "day"}`, `{"from": …, "to": …}`), and
    absent for `is_null`. `{"field": "…"}` in the place of one value compares with another field, and inside `exists`
    `{"outer": "…"}` with a field of the row around it. `query` in the place of `value` compares with what a query
    answers: with its only output's values for `in` and `not_in`, else with its only value.
    """

    field: Reference | None = Field(
        default=None, description="A path: `total`, `customer.segment`. In `having`: an output's name."
    )
    fields: dict[Name, Reference] | None = Field(
        default=None, description="In a query without a `source`: the field of each table, in the place of `field`."
    )
    expression: ExpressionText | None = Field(
        default=None, description="In the place of a field; alone, without operator and value, a condition itself."
    )
    operator: Operator = Operator.EQ
    value: Any = Field(
        default=None,
        description='Compared with the field; typed by the field\'s column. `{"field": "…"}` is another field.',
    )
    query: QueryDefinition | None = Field(default=None, description="In the place of a value: a query of one output.")
    case_sensitive: bool = Field(default=True, description="For text: whether upper and lower case differ.")

    @model_validator(mode="after")
    def _one_subject(self) -> Condition:
        if (self.expression is not None and (self.field or self.fields)) or not (
            self.expression or self.field or self.fields
        ):
            raise PydanticCustomError("missing", "A condition asks of a `field` or an `expression`, one of them.")
        return self

    @property
    def is_lone(self) -> bool:
        """Whether the expression is the condition itself."""
        return self.expression is not None and not self.model_fields_set & {"operator", "value", "query"}


class Exists(_Node):
    """Whether a related row satisfies the filters, whose fields start at its table. Negate it with `not`."""

    exists: Reference = Field(description="The path from the source to the related rows: `order_items`.")
    filters: Filter | None = Field(default=None, description="What the related row must satisfy; any row where absent.")


class And(_Node):
    """True when every part is."""

    and_: tuple[Filter, ...] = Field(alias="and", description="The parts; a bare list means the same.")

    if TYPE_CHECKING:  # `and` is a keyword, and a type checker takes the alias for the name

        def __init__(self, *, and_: tuple[Filter, ...]) -> None: ...


class Or(_Node):
    """True when some part is."""

    or_: tuple[Filter, ...] = Field(alias="or", description="The parts.")

    if TYPE_CHECKING:

        def __init__(self, *, or_: tuple[Filter, ...]) -> None: ...


class Not(_Node):
    """SQL's NOT: unknown stays unknown."""

    not_: Filter = Field(alias="not", description="The part.")

    if TYPE_CHECKING:

        def __init__(self, *, not_: Filter) -> None: ...


def _listed(value: object) -> object:
    items = as_items(value)
    return value if items is None else {"and": items}


def _kind(value: object) -> str:
    if isinstance(value, And | Or | Not | Exists):
        return type(value).__name__.lower()
    if isinstance(value, dict):
        for kind in ("and", "or", "not", "exists"):
            if kind in value or f"{kind}_" in value:
                return kind
    return "condition"


Filter = Annotated[
    Annotated[And, Tag("and")]
    | Annotated[Or, Tag("or")]
    | Annotated[Not, Tag("not")]
    | Annotated[Exists, Tag("exists")]
    | Annotated[Condition, Tag("condition")],
    Discriminator(_kind),
    BeforeValidator(_listed),
]
"""A filter tree. A list stands for `and`."""

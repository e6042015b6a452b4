"""What an expression can be: names, values, operations, calls. There is no node for a subquery or a statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Generic, Literal, TypeVar, cast

from prismiq.query.fields import Segments
from prismiq.schema.types import DataType

V = TypeVar("V")
"""What stands for a value: the value itself when parsed, a slot once split."""

Operator = Literal[
    "+", "-", "*", "/", "%", "||", "negate",
    "=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from",
    "and", "or", "not", "is null", "is true", "is false", "like", "ilike", "~", "~*", "in", "between",
    "->", "->>", "at time zone",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A field by its path, or in a calculation an output."""

    path: Segments


@dataclass(frozen=True, slots=True)
class Value(Generic[V]):
    """A literal."""

    value: V


@dataclass(frozen=True, slots=True)
class Interval(Generic[V]):
    """A literal span of time, such as `interval '3 months'`."""

    value: V


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE, FALSE, or with None NULL."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Operation(Generic[V]):
    """An operator and what it is applied to."""

    operator: Operator
    operands: tuple[Tree[V], ...]


@dataclass(frozen=True, slots=True)
class Case(Generic[V]):
    """The result of the first condition that is true, else `otherwise`."""

    branches: tuple[tuple[Tree[V], Tree[V]], ...]
    otherwise: Tree[V] | None


@dataclass(frozen=True, slots=True)
class Cast(Generic[V]):
    """A value as another plain type."""

    part: Tree[V]
    kind: DataType
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[V]):
    """A function of the published list. `unit` is what it is given as a word: `date_trunc('month', …)`."""

    function: str
    arguments: tuple[Tree[V], ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a window's frame. `rows` is None for unbounded; current row is 0 rows preceding."""

    side: Literal["preceding", "following"]
    rows: int | None


@dataclass(frozen=True, slots=True)
class Window(Generic[V]):
    """A call over the rows around one."""

    function: str
    arguments: tuple[Tree[V], ...]
    partition: tuple[Tree[V], ...]
    order: tuple[tuple[Tree[V], bool], ...]
    frame: tuple[Bound, Bound] | None


Tree = Name | Value[V] | Interval[V] | Constant | Operation[V] | Case[V] | Cast[V] | Call[V] | Window[V]
Literals = str | int | Decimal
W = TypeVar("W")


def map_values(tree: Tree[V], change: Callable[[V], W]) -> Tree[W]:
    """The same tree with every literal replaced."""

    def each(part: Tree[V]) -> Tree[W]:
        return map_values(part, change)

    match tree:
        case Name() | Constant():
            return tree
        case Value(value=value):
            return Value(change(value))
        case Interval(value=value):
            return Interval(change(value))
        case Operation(operator=operator, operands=operands):
            return Operation(operator, tuple(each(part) for part in operands))
        case Case(branches=branches, otherwise=otherwise):
            whens = tuple((each(when), each(then)) for when, then in branches)
            return Case(whens, None if otherwise is None else each(otherwise))
        case Cast(part=part):
            return Cast(each(part), tree.kind, tree.precision, tree.scale)
        case Call(function=function, arguments=arguments, unit=unit):
            return Call(function, tuple(each(part) for part in arguments), unit)
        case Window():
            return Window(
                tree.function,
                tuple(each(part) for part in tree.arguments),
                tuple(each(part) for part in tree.partition),
                tuple((each(part), descending) for part, descending in tree.order),
                tree.frame,
            )


def names_in(part: object) -> list[Name]:
    """The names that a tree holds, in their order."""
    if isinstance(part, Name):
        return [part]
    if isinstance(part, tuple):
        return [name for item in cast("tuple[object, ...]", part) for name in names_in(item)]
    if not is_dataclass(part) or isinstance(part, type):
        return []
    return [name for each in fields(part) for name in names_in(getattr(part, each.name))]

"""A question that is ready to be bound, and statements that were bound before and can only be the same again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from sys import getsizeof
from typing import cast

from prismiq.access.context import RequestContext
from prismiq.access.scope import context_value
from prismiq.plan.expressions import Starts
from prismiq.plan.outputs import Role
from prismiq.query.shape import Values
from prismiq.sql.statement import Statement
from prismiq.sql.template import Template

LARGE = 2_000
"""Rows above which COPY is faster than rows of objects: it costs two messages more."""

_PLAIN = (str, int, bool)
"""Types of a context's values that are told apart by type and value."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A question, ready to be bound for a caller."""

    template: Template
    values: Values
    kept: bool = False
    """Whether whoever asks the same gets the same object."""

    @property
    def is_large(self) -> bool:
        """Whether the answer is to be expected large enough for COPY to pay, and COPY can write it."""
        template, limit = self.template, self.values.limit
        if not template.copies or (limit is not None and limit <= LARGE):
            return False
        if template.seen.rows is not None:
            return template.seen.rows > LARGE
        return all(column.role is Role.COLUMN for column in template.columns)

    def answered(self, rows: int) -> None:
        """Remembers how many rows the answer had, for whoever asks alike."""
        if self.values.limit is None or rows < self.values.limit or rows > LARGE:
            self.template.seen.rows = rows


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with a caller's values, and everything in it that an answer depends on."""

    statement: Statement
    key: Hashable
    key_size: int
    """Bytes that keeping the key takes, about."""


class BoundStatements:
    """The last statements bound, of questions that are kept.

    Without a moving part (a period relative to now) a statement depends on the question and on the context's values
    that its rules name, and on nothing else: these are the key.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, Bound] = OrderedDict()

    def get(
        self, prepared: Prepared, context: RequestContext | None, *, row_cap: int, clock: Callable[[], datetime]
    ) -> Bound:
        """The statement for one caller. Raises what `Template.bind` raises."""
        asked = _asked(prepared, context)
        if asked is None:
            return _bound(prepared, context, row_cap, clock())
        key = (prepared, row_cap, *asked)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = _bound(prepared, context, row_cap, clock())
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


def _asked(prepared: Prepared, context: RequestContext | None) -> list[Hashable] | None:
    """What a statement takes from a context, by type and value; None where that is not all it depends on."""
    asks = prepared.template.asks
    if asks is None or not prepared.kept:
        return None
    found: list[Hashable] = []
    for each in asks:
        value = context_value(each, context)
        if type(value) not in _PLAIN:
            return None
        found += type(value), value
    return found


def _bound(prepared: Prepared, context: RequestContext | None, row_cap: int, now: datetime) -> Bound:
    template = prepared.template
    statement = template.bind(prepared.values, context, row_cap=row_cap, now=now)
    shortly = statement.sql is template.sql
    args = _args_key(template, statement.args, with_buckets=shortly and template.has_buckets)
    # The template's number: the template itself would live as long as the last of its answers.
    return Bound(statement, (template.number, shortly, args, statement.pivot), sum(map(_size, args)))


def _args_key(template: Template, args: Sequence[object], *, with_buckets: bool) -> tuple[Hashable, ...]:
    """The values by their text: 1 and 1.0 are equal, and may answer differently. Buckets, hundreds of dates of one
    type, as they are."""
    if not with_buckets:
        return (repr(args),)
    return tuple(
        tuple(cast("Sequence[object]", arg)) if isinstance(bound, Starts) and arg is not None else repr(arg)
        for bound, arg in zip(template.bound, args, strict=True)
    )


_DATE = getsizeof(datetime.max)


def _size(part: Hashable) -> int:
    return getsizeof(part) + (_DATE * len(cast("Sequence[object]", part)) if isinstance(part, tuple) else 0)

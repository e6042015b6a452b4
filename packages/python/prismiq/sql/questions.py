"""From a question as it comes in to a compiled template and its values, and at once where it came in before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from prismiq.access.scope import ScopedSchema
from prismiq.errors import QueryError
from prismiq.plan.definitions import UsableDefinitions
from prismiq.plan.expand import expand
from prismiq.plan.outputs import Role
from prismiq.plan.planner import plan_with_shortcuts
from prismiq.plan.planning import Shortcut
from prismiq.plan.shortcuts import without_shortcuts
from prismiq.query import QueryDefinition
from prismiq.query.parse import read_definition
from prismiq.query.places import as_written
from prismiq.query.shape import QueryShape, Values
from prismiq.query.split import split
from prismiq.settings import Settings
from prismiq.sql.copied import Form
from prismiq.sql.template import Template
from prismiq.sql.templates import Templates

Question = QueryDefinition | Mapping[str, Any] | str | bytes
"""A definition, or its JSON as data, text or bytes."""

LARGE = 2_000
"""Rows above which COPY is faster than rows of objects: it costs two messages more."""

LONGEST_KEPT = 8_192
"""Bytes of a question that is kept as it came in; longer ones are read each time."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question, ready to be bound for a caller."""

    template: Template
    values: Values

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


class Questions:
    """Reads, expands and splits questions, and finds or makes their templates.

    What a text means depends on nothing but the text and the scope, so the last ones are kept as they came in: a page
    that asks the same again is not read again. The caller's values and the clock come in only when it is bound.
    """

    def __init__(self, settings: Settings, definitions: UsableDefinitions) -> None:
        self._settings = settings
        self._calendar = settings.calendar
        self._definitions = definitions
        self._templates = Templates(settings.plan_cache_size, max_tables=settings.max_joined_tables)
        self._kept: OrderedDict[Hashable, Prepared] = OrderedDict()

    def prepare(self, question: Question, scoped: ScopedSchema, form: Form = Form.ROWS) -> Prepared:
        """The question's template and values. Raises QueryError, and PayloadTooLargeError for too long a text."""
        if not isinstance(question, bytes | str) or len(question) > LONGEST_KEPT:
            return self._prepare(question, scoped, form)
        key = (question, form, scoped.database.version, scoped.key)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._prepare(question, scoped, form)
            if len(self._kept) > self._settings.plan_cache_size:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

    def shape(self, question: Question, scoped: ScopedSchema) -> tuple[QueryShape, Values]:
        """What is asked, apart from the values that it is asked with."""
        return self._split(read_definition(question, self._settings), scoped)

    def with_explicit_paths(self, query: Mapping[str, Any], scoped: ScopedSchema) -> dict[str, Any]:
        """The query with a path in the place of each bare table name, where it means the same. Raises QueryError."""
        meaning, shortcuts = self._meaning(query, scoped)
        if not shortcuts:
            return dict(query)
        explicit = without_shortcuts(query, shortcuts)
        try:
            return explicit if self._meaning(explicit, scoped)[0] == meaning else dict(query)
        except QueryError:
            return dict(query)

    def _meaning(self, question: Question, scoped: ScopedSchema) -> tuple[object, list[Shortcut]]:
        """The plan and the values of a question, by which two can be compared, and the shortcuts in it."""
        try:
            shape, values = self.shape(question, scoped)
            planned, shortcuts = plan_with_shortcuts(shape, scoped, max_tables=self._settings.max_joined_tables)
            return (planned, values), shortcuts
        except QueryError as error:
            raise QueryError(as_written(error.issues, question)) from None

    def _prepare(self, question: Question, scoped: ScopedSchema, form: Form) -> Prepared:
        definition = read_definition(question, self._settings)
        try:
            shape, values = self._split(definition, scoped)
            return Prepared(self._templates.get(shape, scoped, form), values)
        except QueryError as error:
            raise QueryError(as_written(error.issues, question)) from None

    def _split(self, definition: QueryDefinition, scoped: ScopedSchema) -> tuple[QueryShape, Values]:
        definition = expand(definition, scoped, self._definitions.of(scoped))
        return split(definition, time_zone=self._settings.time_zone, calendar=self._calendar)

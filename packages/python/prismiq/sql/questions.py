"""From a question as it comes in to a compiled template and its values, and at once where it came in before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

from prismiq.access.scope import ScopedSchema
from prismiq.errors import QueryError
from prismiq.plan.definitions import UsableDefinitions
from prismiq.plan.expand import expand
from prismiq.plan.planner import plan_with_shortcuts
from prismiq.plan.planning import Shortcut
from prismiq.plan.shortcuts import without_shortcuts
from prismiq.query import QueryDefinition
from prismiq.query.parse import check_content, definition_of, is_small, load, read_definition
from prismiq.query.places import as_written
from prismiq.query.shape import QueryShape, Values
from prismiq.query.skeleton import Filled, Skeleton, filled, skeleton_of
from prismiq.query.split import split, split_with_places
from prismiq.settings import Settings
from prismiq.sql.copied import Form
from prismiq.sql.prepared import BoundStatements, Prepared
from prismiq.sql.template import Template
from prismiq.sql.templates import Templates

Question = QueryDefinition | Mapping[str, Any] | str | bytes
"""A definition, or its JSON as data, text or bytes."""

LONGEST_KEPT = 8_192
"""Bytes of a question that is kept, as it came in or without its values; longer ones are read each time."""


class Questions:
    """Reads, expands and splits questions, and finds or makes their templates.

    What a text means depends on nothing but the text and the scope, so the last ones are kept as they came in: a page
    that asks the same again is not read again. The caller's values and the clock come in only when it is bound.
    """

    def __init__(self, settings: Settings, definitions: UsableDefinitions) -> None:
        self._settings = settings
        self.zones = {settings.time_zone}
        """Whose clocks questions were asked by."""
        self._calendar = settings.calendar
        self._definitions = definitions
        self._templates = Templates(settings.plan_cache_size, max_tables=settings.max_joined_tables)
        self._kept: OrderedDict[Hashable, Prepared] = OrderedDict()
        self._alike: OrderedDict[Hashable, tuple[Template, Filled]] = OrderedDict()
        self.bound = BoundStatements(4 * settings.plan_cache_size)

    def prepare(self, question: Question, scoped: ScopedSchema, form: Form = Form.ROWS) -> Prepared:
        """The question's template and values. Raises QueryError, and PayloadTooLargeError for too long a text."""
        if not isinstance(question, bytes | str) or len(question) > LONGEST_KEPT:
            return self._prepare(question, scoped, form)
        key = (question, form, scoped.database.version, scoped.key)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = replace(self._prepare(question, scoped, form), kept=True)
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
        content = load(question, self._settings)
        small = is_small(question, self._settings)
        if not small:
            check_content(content, self._settings)
        skeleton = skeleton_of(content)
        key = None if skeleton is None else (skeleton.text, form, scoped.database.version, scoped.key)
        found = self._alike.get(key)
        if skeleton is not None and found is not None:
            self._alike.move_to_end(key)
            template, known = found
            return Prepared(template, known.with_values(skeleton.values))
        if small:
            check_content(content, self._settings)
        if skeleton is not None and isinstance(question, Mapping):
            content = deepcopy(content)  # what is kept of it must not change with the caller's
        prepared, known = self._planned(question, content, skeleton, scoped, form)
        if known is not None and skeleton is not None and len(skeleton.text) <= LONGEST_KEPT:
            self._alike[key] = prepared.template, known
            if len(self._alike) > self._settings.plan_cache_size:
                self._alike.popitem(last=False)
        return prepared

    def _planned(
        self, question: Question, content: object, skeleton: Skeleton | None, scoped: ScopedSchema, form: Form
    ) -> tuple[Prepared, Filled | None]:
        """The question read and planned; and where its values went, for those that are alike."""
        definition = definition_of(content)
        try:
            written_out = expand(definition, scoped, self._definitions.of(scoped))
            shape, values, places = split_with_places(
                written_out, time_zone=self._settings.time_zone, calendar=self._calendar
            )
            prepared = Prepared(self._templates.get(shape, scoped, form), values)
            self.zones.add(shape.time_zone)
        except QueryError as error:
            raise QueryError(as_written(error.issues, question)) from None
        if skeleton is None or written_out is not definition or not isinstance(content, dict):
            return prepared, None
        return prepared, filled(cast("dict[str, object]", content), skeleton, values, places)

    def _split(self, definition: QueryDefinition, scoped: ScopedSchema) -> tuple[QueryShape, Values]:
        definition = expand(definition, scoped, self._definitions.of(scoped))
        return split(definition, time_zone=self._settings.time_zone, calendar=self._calendar)

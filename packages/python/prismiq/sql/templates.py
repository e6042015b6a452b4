"""Keeps compiled templates by the shape of what was asked, so that a repeat only binds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from functools import cache

from prismiq.access.scope import ScopedSchema
from prismiq.plan import PASSES, plan
from prismiq.plan.passes import FAST_BUCKETS
from prismiq.query.shape import QueryShape
from prismiq.sql.copied import Form
from prismiq.sql.template import Template, build


class Templates:
    """The last `size` templates used. The key holds everything that a plan depends on, and no value."""

    def __init__(self, size: int, *, max_tables: int) -> None:
        self._size = size
        self._max_tables = max_tables
        self._kept: OrderedDict[Hashable, Template] = OrderedDict()

    def get(self, shape: QueryShape, schema: ScopedSchema, form: Form = Form.ROWS) -> Template:
        """The template for a shape and a scope, compiled where it is not kept. Raises QueryError."""
        key = (shape, form, schema.database.version, schema.key)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._built(shape, schema, form)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

    def _built(self, shape: QueryShape, schema: ScopedSchema, form: Form) -> Template:
        @cache
        def without_shortcuts() -> Template:
            return build(plan(shape, schema, PASSES - {FAST_BUCKETS}, max_tables=self._max_tables), form)

        template = build(plan(shape, schema, max_tables=self._max_tables), form, shape=shape)
        return replace(template, otherwise=without_shortcuts)

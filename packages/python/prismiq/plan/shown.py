"""Keeps what callers are shown of the schema: of a thousand tables it takes longer to make than many queries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from prismiq.access.scope import ScopedSchema
from prismiq.access.visible import visible_schema
from prismiq.aside import MANY_TABLES, Aside
from prismiq.plan.definitions import UsableDefinitions
from prismiq.schema.models import DatabaseSchema

KEPT = 50


class ShownSchemas:
    """The schemas shown last, with the metrics and dimensions that the caller may use."""

    def __init__(self, definitions: UsableDefinitions) -> None:
        self._definitions = definitions
        self._kept: OrderedDict[tuple[str, Hashable], DatabaseSchema] = OrderedDict()
        self._aside = Aside[DatabaseSchema]()

    def of(self, scoped: ScopedSchema) -> DatabaseSchema:
        """What the caller may query."""
        key = scoped.database.version, scoped.key
        found = self._kept.get(key)
        if found is None:
            return self._keep(key, visible_schema(scoped, *self._definitions.of(scoped).listed()))
        self._kept.move_to_end(key)
        return found

    async def get(self, scoped: ScopedSchema) -> DatabaseSchema:
        """The same, made beside the event loop where it is of many tables, and once for all who ask for it."""
        key = scoped.database.version, scoped.key
        if len(scoped.tables) < MANY_TABLES or key in self._kept:
            return self.of(scoped)
        usable = self._definitions.of(scoped).listed()
        return self._keep(key, await self._aside.make(key, lambda: _visible(scoped, *usable)))

    def _keep(self, key: tuple[str, Hashable], shown: DatabaseSchema) -> DatabaseSchema:
        self._kept[key] = shown
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return shown


def _visible(scoped: ScopedSchema, *usable: Any) -> DatabaseSchema:
    """What is shown, and its JSON at once: who asks for the whole schema is nearly always a page."""
    shown = visible_schema(scoped, *usable)
    _ = shown.json_text
    return shown

"""Keeps what callers are shown of the schema: of a thousand tables it takes longer to make than many queries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from prismiq.access.scope import ScopedSchema
from prismiq.access.visible import visible_schema
from prismiq.plan.definitions import UsableDefinitions
from prismiq.schema.models import DatabaseSchema

KEPT = 50


class ShownSchemas:
    """The schemas shown last, with the metrics and dimensions that the caller may use."""

    def __init__(self, definitions: UsableDefinitions) -> None:
        self._definitions = definitions
        self._kept: OrderedDict[tuple[str, Hashable], DatabaseSchema] = OrderedDict()

    def of(self, scoped: ScopedSchema) -> DatabaseSchema:
        """What the caller may query."""
        key = scoped.database.version, scoped.key
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = visible_schema(scoped, *self._definitions.of(scoped).listed())
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

"""Pins: dashboards and widgets that a user keeps at hand, by the place in the host's application where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prismiq.access import RequestContext
from prismiq.audit import SILENT, Audit, audited
from prismiq.dashboards.models import NewPin, PinOrder
from prismiq.dashboards.reading import read
from prismiq.dashboards.records import Caller, Pin
from prismiq.dashboards.service import caller_of
from prismiq.dashboards.store import DashboardStore
from prismiq.dashboards.wire import load_json
from prismiq.errors import NotFoundError


class Pins:
    """The pins of an engine's store. They are a user's own; nobody else changes them, so they have no versions."""

    called, one = "pins", "pin"

    def __init__(self, store: DashboardStore, *, needs_tenant: bool, audit: Audit = SILENT) -> None:
        self._store = store
        self._needs_tenant = needs_tenant
        self.audit = audit

    @audited
    async def list(self, place: str, context: RequestContext | None) -> Sequence[Pin]:
        """The caller's pins in a place, in order. A dashboard that they may no longer view is left out."""
        return await self._store.pins(self._caller(context), place)

    @audited
    async def add(self, pin: NewPin | dict[str, Any] | str | bytes, context: RequestContext | None) -> Pin:
        """Pins a dashboard, or one of its widgets, after the others. One that is pinned already stays where it is."""
        caller = self._caller(context)
        new = pin if isinstance(pin, NewPin) else read(NewPin, load_json(pin) if isinstance(pin, str | bytes) else pin)
        found = await self._store.add_pin(caller, new)
        if found is None:
            raise NotFoundError("There is no such dashboard.", hint="The list has those that you may see.")
        return found

    @audited
    async def remove(self, id: UUID | str, context: RequestContext | None) -> None:  # noqa: A002
        """Removes a pin. Raises NotFoundError where it is not the caller's."""
        caller = self._caller(context)
        try:
            removed = await self._store.remove_pin(caller, id if isinstance(id, UUID) else UUID(id))
        except ValueError:
            removed = False
        if not removed:
            raise NotFoundError("There is no such pin.", hint="The list has yours.")

    @audited
    async def order(
        self, order: PinOrder | dict[str, Any] | str | bytes, context: RequestContext | None
    ) -> Sequence[Pin]:
        """Puts the pins of a place in a new order; those not named come last. Returns them all."""
        caller = self._caller(context)
        new = (
            order
            if isinstance(order, PinOrder)
            else read(PinOrder, load_json(order) if isinstance(order, str | bytes) else order)
        )
        await self._store.order_pins(caller, new.context, new.pins)
        return await self._store.pins(caller, new.context)

    def _caller(self, context: RequestContext | None) -> Caller:
        return caller_of(context, needs_tenant=self._needs_tenant)

"""A store in memory, for tests and for trying things out. It forgets everything when the process ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from prismiq.dashboards.models import NewPin
from prismiq.dashboards.records import Caller, Kind, Listing, Pin, Record, access_of, sort_key
from prismiq.dashboards.store import slug_taken

_Order = tuple[object, UUID]


class MemoryStore:
    """A DashboardStore in memory. No method waits in its middle, so none sees half of another's work."""

    def __init__(self) -> None:
        self._records: dict[Kind, dict[UUID, Record]] = {kind: {} for kind in Kind}
        self._pins: dict[tuple[str, str, str], list[tuple[UUID, UUID, str | None]]] = {}

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do; what is stored stays until the process ends."""

    async def check(self) -> None:
        """Always ready."""

    async def migrate(self) -> list[str]:
        """Nothing to do."""
        return []

    async def find(self, kind: Kind, caller: Caller, listing: Listing) -> list[Record]:
        """The records that the caller may view, in order, without their `content`."""
        found = [each for each in self._records[kind].values() if _matches(each, caller, listing)]

        def order(record: Record) -> _Order:
            return _order(sort_key(record, listing.sort), record.id)

        found.sort(key=order, reverse=listing.descending)
        if listing.after is not None:
            last = _order(*listing.after)
            found = [each for each in found if (order(each) < last if listing.descending else order(each) > last)]
        return [replace(each, content={}) for each in found[: listing.limit]]

    async def get(self, kind: Kind, caller: Caller, id: UUID) -> Record | None:  # noqa: A002
        """A record that the caller may view, or None."""
        record = self._records[kind].get(id)
        return None if record is None or access_of(record, caller) is None else record

    async def insert(self, kind: Kind, record: Record) -> None:
        """Adds a record."""
        self._check_slug(kind, record)
        self._records[kind][record.id] = record

    async def replace(self, kind: Kind, caller: Caller, record: Record) -> bool:
        """Puts a record in the place of the version before."""
        before = self._records[kind].get(record.id)
        if before is None or before.version != record.version - 1 or access_of(before, caller) != "edit":
            return False
        self._check_slug(kind, record)
        self._records[kind][record.id] = replace(
            record, tenant=before.tenant, owner=before.owner, created_at=before.created_at
        )
        return True

    async def delete(self, kind: Kind, caller: Caller, id: UUID, version: int) -> bool:  # noqa: A002
        """Deletes a record of the caller's own."""
        record = self._records[kind].get(id)
        if record is None or record.version != version or caller.opens is not None:
            return False
        if (record.tenant, record.owner) != (caller.tenant, caller.user):
            return False
        del self._records[kind][id]
        for place, pins in self._pins.items():
            self._pins[place] = [each for each in pins if each[1] != id]
        return True

    async def pins(self, caller: Caller, context: str) -> list[Pin]:
        """The caller's pins in a place."""
        found: list[Pin] = []
        for pin, dashboard, widget in self._pins.get((caller.tenant, caller.user, context), ()):
            record = await self.get(Kind.DASHBOARD, caller, dashboard)
            if record is not None:
                found.append(Pin(pin, context, dashboard, widget, record.title))
        return found

    async def add_pin(self, caller: Caller, pin: NewPin) -> Pin | None:
        """Adds a pin at the end, or finds it."""
        if await self.get(Kind.DASHBOARD, caller, pin.dashboard) is None:
            return None
        place = self._pins.setdefault((caller.tenant, caller.user, pin.context), [])
        if (pin.dashboard, pin.widget) not in [each[1:] for each in place]:
            place.append((uuid4(), pin.dashboard, pin.widget))
        pins = await self.pins(caller, pin.context)
        return next(each for each in pins if (each.dashboard, each.widget) == (pin.dashboard, pin.widget))

    async def remove_pin(self, caller: Caller, id: UUID) -> bool:  # noqa: A002
        """Removes a pin of the caller's."""
        for (tenant, user, _), pins in self._pins.items():
            found = next((each for each in pins if each[0] == id), None)
            if (tenant, user) == (caller.tenant, caller.user) and found is not None:
                pins.remove(found)
                return True
        return False

    async def order_pins(self, caller: Caller, context: str, pins: Sequence[UUID]) -> None:
        """Puts the caller's pins of a place in this order."""
        places = {pin: place for place, pin in enumerate(pins)}
        self._pins.get((caller.tenant, caller.user, context), []).sort(
            key=lambda each: places.get(each[0], len(places))
        )

    def _check_slug(self, kind: Kind, record: Record) -> None:
        for other in self._records[kind].values():
            same = (other.tenant, other.owner, other.slug) == (record.tenant, record.owner, record.slug)
            if same and other.id != record.id:
                raise slug_taken()


def _order(key: object, id: UUID) -> _Order:  # noqa: A002
    return key.lower() if isinstance(key, str) else key, id


def _matches(record: Record, caller: Caller, listing: Listing) -> bool:
    if access_of(record, caller) is None:
        return False
    wanted = (listing.search or "").lower()
    searched = (record.title, record.description, *record.tags)
    return (
        (not wanted or any(wanted in text.lower() for text in searched))
        and (listing.tag is None or listing.tag in record.tags)
        and (listing.slug is None or listing.slug == record.slug)
        and (listing.owner is None or listing.owner == record.owner)
    )

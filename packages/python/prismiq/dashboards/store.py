"""What a store promises. `tests/integration/dashboards/test_stores.py` holds every store to it.

Every method asks on behalf of a caller and sees only what is theirs or shared with them. A store does not check
definitions and does not decide what a record holds; it keeps versions apart: of several writers that saw the same
version one wins, and the others learn of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from prismiq.dashboards.models import NewPin
from prismiq.dashboards.records import Caller, Kind, Listing, Pin, Record
from prismiq.errors import ConflictError


class DashboardStore(Protocol):
    """Keeps dashboards, saved queries and pins. Raises DatabaseError where it cannot be reached."""

    async def open(self) -> None:
        """Gets ready. What is behind it need not be there yet."""
        ...

    async def close(self) -> None:
        """Lets go of everything."""
        ...

    async def check(self) -> None:
        """Raises StoreNotReadyError where `migrate` must run first."""
        ...

    async def migrate(self) -> list[str]:
        """Makes or changes what the store needs. Several may call it at once. Returns the revisions applied."""
        ...

    async def find(self, kind: Kind, caller: Caller, listing: Listing) -> list[Record]:
        """The records that the caller may view, in order, without their `content`."""
        ...

    async def get(self, kind: Kind, caller: Caller, id: UUID) -> Record | None:  # noqa: A002
        """A record that the caller may view, or None."""
        ...

    async def insert(self, kind: Kind, record: Record) -> None:
        """Adds a record. Raises ConflictError where its owner has another of this slug."""
        ...

    async def replace(self, kind: Kind, caller: Caller, record: Record) -> bool:
        """Puts a record in the place of the one with its id and the version before.

        Returns False, and does nothing, where there is no such record that the caller may edit. Raises ConflictError as
        `insert` does.
        """
        ...

    async def delete(self, kind: Kind, caller: Caller, id: UUID, version: int) -> bool:  # noqa: A002
        """Deletes a record of this version that is the caller's own. Returns whether there was one."""
        ...

    async def pins(self, caller: Caller, context: str) -> list[Pin]:
        """The caller's pins in a place, in order, of the dashboards that they may view."""
        ...

    async def add_pin(self, caller: Caller, pin: NewPin) -> Pin | None:
        """Adds a pin at the end, or finds the one that is there. None for a dashboard that the caller may not view."""
        ...

    async def remove_pin(self, caller: Caller, id: UUID) -> bool:  # noqa: A002
        """Removes a pin of the caller's. Returns whether there was one."""
        ...

    async def order_pins(self, caller: Caller, context: str, pins: Sequence[UUID]) -> None:
        """Puts the caller's pins of a place in this order; those not named come after them, in the order they had."""
        ...


def slug_taken() -> ConflictError:
    """What a store raises where the owner has another record of the same slug."""
    return ConflictError("You have another one with this slug.", hint="Choose another `slug`, or change that one.")

"""What the store compiles once is what it would compile each time."""

from __future__ import annotations

from itertools import product
from uuid import uuid4

import pytest

from prismiq.dashboards.records import Caller, Kind
from prismiq.dashboards.statements import compiled, reading, selected
from prismiq.dashboards.tables import RECORDS

NAMES = ("", "acme", "tenant", "user", "roles", "000000000")


@pytest.mark.parametrize("kind", list(RECORDS))
def test_reading_a_record(kind: Kind) -> None:
    granted = (None, frozenset[str](), frozenset({"x"}), frozenset({"user", "tenant", "000000000"}))
    for tenant, user, roles, opens in product(NAMES, NAMES, (frozenset[str](), frozenset({"b", "a"})), granted):
        caller, id_ = Caller(tenant, user, roles, opens), uuid4()
        assert reading(kind, caller, id_) == compiled(selected(kind, caller, id_))

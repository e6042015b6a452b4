"""Who asks, by the ids that applications have."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from prismiq.access import RequestContext

ID = UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3301")


@pytest.mark.parametrize(
    ("user", "tenant", "taken"),
    [("u", "acme", ("u", "acme")), (7, 5, ("7", 5)), (ID, ID, (str(ID), str(ID))), ("u", None, ("u", None))],
)
def test_ids_are_texts_numbers_or_uuids(user: Any, tenant: Any, taken: tuple[object, object]) -> None:
    context = RequestContext(user=user, tenant=tenant)
    assert (context.user, context.tenant) == taken
    assert type(context.tenant) is type(taken[1])


@pytest.mark.parametrize("user", [True, None, 1.5, ["u"]])
def test_anything_else_is_refused(user: Any) -> None:
    with pytest.raises(ValidationError):
        RequestContext(user=user)

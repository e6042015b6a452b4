"""What PostgreSQL is told of who asks."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from prismiq import AccessPolicy, RequestContext
from prismiq.access.caller import Caller, caller_of, engine_caller
from prismiq.errors import ContextError
from prismiq.settings import Settings

SESSION = {"app.tenant": "tenant", "app.user": "user", "app.roles": "roles", "app.region": "region"}


def policy(**parts: Any) -> AccessPolicy:
    return AccessPolicy.model_validate(parts)


def test_without_settings_only_whose_turn_it_is() -> None:
    assert caller_of(None, None) == Caller()
    assert caller_of(policy(), RequestContext(user="u")) == Caller(("user", "u"))
    assert caller_of(policy(), RequestContext(user="u", tenant=7)) == Caller(("tenant", 7))


def test_settings_from_the_context() -> None:
    context = RequestContext(user="u", tenant=7, roles=frozenset({"b", "a"}), attributes={"region": ["EU", 3, True]})
    assert caller_of(policy(session=SESSION), context).settings == (
        ("app.tenant", "7"),
        ("app.user", "u"),
        ("app.roles", "a,b"),
        ("app.region", "EU,3,true"),
    )


def test_a_role_for_all_and_a_role_by_attribute() -> None:
    context = RequestContext(user="u", attributes={"db": "analyst"})
    fixed, told = policy(role="reader"), policy(role={"attribute": "db"})
    assert caller_of(fixed, context).settings == (("role", "reader"),)
    assert caller_of(told, context).settings == (("role", "analyst"),)
    assert engine_caller(fixed).settings == (("role", "reader"),)
    assert engine_caller(told) == engine_caller(None) == Caller()


@pytest.mark.parametrize(
    ("source", "attributes"),
    [
        ("tenant", {}),
        ("region", {}),
        ("region", {"region": None}),
        ("region", {"region": {"a": 1}}),
        ("region", {"region": ["a,b"]}),
        ("region", {"region": [{"a": 1}]}),
        ("region", {"region": "a\0b"}),
    ],
)
def test_what_is_missing_or_cannot_be_set_is_an_error(source: str, attributes: dict[str, Any]) -> None:
    with pytest.raises(ContextError) as caught:
        caller_of(policy(session={"app.x": source}), RequestContext(user="u", attributes=attributes))
    assert source in str(caught.value)
    with pytest.raises(ContextError):
        caller_of(policy(session={"app.x": source}), None)


@pytest.mark.parametrize("name", ["", "none", "NONE"])
def test_no_attribute_resets_the_role(name: str) -> None:
    with pytest.raises(ContextError):
        caller_of(policy(role={"attribute": "db"}), RequestContext(user="u", attributes={"db": name}))


@pytest.mark.parametrize("name", ["statement_timeout", "role", "", "a.", "a.b; c", "app tenant.x"])
def test_a_setting_of_postgresqls_own_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        policy(session={name: "tenant"})


def test_limits_take_the_place_of_settings() -> None:
    limited = policy(limits={"row_cap": 10, "statement_timeout": 1.5}).limits.over(Settings(row_cap=500, max_depth=7))
    assert (limited.row_cap, limited.statement_timeout, limited.max_depth) == (10, 1.5, 7)

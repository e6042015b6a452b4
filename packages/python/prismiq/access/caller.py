"""For whom PostgreSQL works: whose turn a statement takes, and what its session says of them."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Literal, cast

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy
from prismiq.errors import ContextError

ROLE = "role"
"""The setting that `SET ROLE` sets."""

_STANDARD = ("tenant", "user", "roles")


Turn = tuple[Literal["engine", "tenant", "user"], Hashable]
"""A tenant, or a user without one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`turn` is who shares the connections with others, `settings` are set on the session before the statement: names
    and values, the role among them."""

    turn: Turn = ("engine", None)
    settings: tuple[tuple[str, str], ...] = ()


def caller_of(policy: AccessPolicy | None, context: RequestContext | None) -> Caller:
    """Who asks, for PostgreSQL. Raises ContextError where the context lacks what the policy's `session` or `role`
    names: a setting left out would be the one of whoever came before, or none."""
    settings: tuple[tuple[str, str], ...] = ()
    if policy is not None and (policy.session or policy.role is not None):
        settings = tuple((name, _value(source, name, context)) for name, source in policy.session.items())
        if policy.role is not None:
            role = policy.role if isinstance(policy.role, str) else _value(policy.role.attribute, ROLE, context)
            settings += ((ROLE, role),)
    if context is None:
        return Caller(settings=settings)
    if context.tenant is not None:
        return Caller(("tenant", context.tenant), settings)
    return Caller(("user", context.user), settings)


def engine_caller(policy: AccessPolicy | None) -> Caller:
    """The engine itself, as it reads the catalog: with the policy's role where that is one for all callers, so that it
    finds what this role may read."""
    if policy is not None and isinstance(policy.role, str):
        return Caller(settings=((ROLE, policy.role),))
    return Caller()


def _value(source: str, name: str, context: RequestContext | None) -> str:
    if context is None:
        raise ContextError(f'"{name}" is to be set from a context, and there is none.', hint="Pass a RequestContext.")
    found: object = getattr(context, source) if source in _STANDARD else context.attributes.get(source)
    if found is None:
        what = "tenant" if source == "tenant" else f'attribute "{source}"'
        raise ContextError(
            f'The context has no {what}, which "{name}" is set from.',
            hint="Set it in the RequestContext that get_context returns.",
        )
    text = _text(found)
    if text is None or "\0" in text or (name == ROLE and text.lower() in ("", "none")):
        raise ContextError(
            f'The context\'s "{source}" cannot be what "{name}" is set to.',
            hint="Texts, numbers, booleans and lists of them (without commas in an item) can be.",
        )
    return text


def _text(value: object) -> str | None:
    """As PostgreSQL reads it back: lists as `a,b`, for `string_to_array`. None for what has no such form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        items = [_text(each) for each in cast("Collection[object]", value)]
        if any(each is None or "," in each for each in items):
            return None
        texts = [each for each in items if each is not None]
        return ",".join(texts if isinstance(value, list | tuple) else sorted(texts))
    return None if isinstance(value, dict) else str(value)

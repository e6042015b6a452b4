"""Tells of the methods of what is stored: a decorator, since they all are told of in one way."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from prismiq.audit.recording import Audit, about

P = ParamSpec("P")
T = TypeVar("T")

_within: ContextVar[bool] = ContextVar("prismiq_audit_within", default=False)
"""Whether a method that is told of is under way: what it consists of is not told of once more."""


class _Told(Protocol):
    audit: Audit
    called: str
    """What the operations begin with: `dashboards`."""
    one: str
    """What an id is of: `dashboard`."""


def audited(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Tells of each call of a method that takes a `context`. A call from within another that is told of is a part of
    that one. `id` and a `widget` by its id are named; a new thing by the id that it was given."""
    name = method.__name__.rstrip("_")
    signature = inspect.signature(method)
    widget = signature.parameters.get("widget")
    named = {"id"} if widget is None or widget.annotation not in (str, "str") else {"id", "widget"}

    @wraps(method)
    async def told(*args: P.args, **kwargs: P.kwargs) -> T:
        things = cast("_Told", args[0])
        if _within.get() or not things.audit.listening:
            return await method(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        del given["self"]
        context = given.pop("context", None)
        names = {things.one if key == "id" else key: str(given.pop(key)) for key in named if key in given}
        token = _within.set(True)
        try:
            with about(**names), things.audit.of(f"{things.called}.{name}", context, given or None) as noted:
                result = await method(*args, **kwargs)
                noted.names(**_id_of(result, things.one))
                return result
        finally:
            _within.reset(token)

    return told


def _id_of(result: object, one: str) -> dict[str, str]:
    """The id of what a method gave: of a new thing it is known only then."""
    thing: object = (
        cast("tuple[object, ...]", result)[0] if isinstance(result, tuple) and result else cast("object", result)
    )
    found = getattr(thing, "id", None)
    return {} if found is None else {one: str(found)}

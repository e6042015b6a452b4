"""Which time zones there are, by their IANA names, and what their clocks show.

Read from the package tzdata. `zoneinfo` prefers the system's files, which may be years old: PostgreSQL's would then put
rows into one bucket, and the bounds that are computed here into another.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from prismiq.errors import IssueCode


@cache
def known_zones() -> frozenset[str]:
    """Their names, read once."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


class _Zone(ZoneInfo):
    """One that can be copied and pickled, as the standard library's from a file cannot."""

    def __reduce__(self) -> tuple[Callable[[str], ZoneInfo], tuple[str]]:
        return zone_of, (self.key,)


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of a name that is known."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return _Zone.from_file(file, key=name)


def zone_hint(name: str) -> str:
    """The way out for a name that none of them has."""
    close = get_close_matches(name, known_zones(), n=1)
    return f'Did you mean "{close[0]}"?' if close else 'Use an IANA name such as "Europe/Berlin".'


def _known(name: str) -> str:
    if name != "UTC" and name not in known_zones():
        raise PydanticCustomError(
            IssueCode.UNKNOWN_TIME_ZONE.value,
            'There is no time zone "{name}". {hint}',
            {"name": name, "hint": zone_hint(name)},
        )
    return name


ZoneName = Annotated[str, AfterValidator(_known)]
"""The IANA name of a time zone that there is."""

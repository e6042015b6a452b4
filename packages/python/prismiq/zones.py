"""Which time zones there are, by their IANA names."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from prismiq.errors import IssueCode


@cache
def known_zones() -> frozenset[str]:
    """Their names, read once."""
    return frozenset(available_timezones())


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

"""How a query names a column: `total`, `customer.segment`, or `{"path": ["customer", "weird.name"]}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


def as_items(value: object) -> list[object] | None:
    """The items of a list or tuple, or None for anything else."""
    return list(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else None


Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Segments = tuple[str, ...]


class Path(BaseModel):
    """A name written segment by segment, for names that hold a dot or a quote themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: tuple[Name, ...] = Field(min_length=1, max_length=16, description="The names one by one.")


Reference = Annotated[str, StringConstraints(min_length=1, max_length=1000)] | Path
"""A field or a table as written: dotted text, or a `Path`."""


def segments(reference: str | Path) -> Segments:
    """The reference's names one by one."""
    return reference.path if isinstance(reference, Path) else tuple(reference.split("."))


def dotted(names: Segments) -> str:
    """The names as a person would read them in a message."""
    return ".".join(names)


def without_direction(written: str) -> str | None:
    """A hint where SQL's direction follows a name: `count desc`."""
    name, _, direction = written.strip().rpartition(" ")
    match direction.lower():
        case "desc" if name:
            return f'For descending order write "-{name.strip()}".'
        case "asc" if name:
            return f'Ascending order is "{name.strip()}" alone.'
        case _:
            return None

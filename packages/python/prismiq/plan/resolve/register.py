"""The outputs of one query by name, as they are resolved."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import Output, ValueType
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.question import Issues
from prismiq.plan.resolve.paths import MAX_IDENTIFIER
from prismiq.query.fields import Segments, without_direction
from prismiq.query.shape import OutputShape, QueryShape


class _Called(Protocol):
    @property
    def name(self) -> str: ...


_Part = TypeVar("_Part", bound=_Called)


class Register:
    """What having, order and calculations can name. Notes an issue for a name that is not there, or there twice."""

    def __init__(self, shape: QueryShape, issues: Issues) -> None:
        self.shape = shape
        self.issues = issues
        self.outputs: dict[str, OutputColumn] = {}
        self.types: dict[str, Output] = {}
        self.names: dict[Location, str] = {}
        """Of what has been resolved, by where it stands."""
        self.hidden: set[str] = set()

    def add(self, output: OutputColumn, type_: ValueType, loc: Location) -> None:
        """Takes an output, unless its name is taken or too long for PostgreSQL."""
        name = output.name
        if len(name.encode()) > MAX_IDENTIFIER:
            self.issues.add(
                (*loc, "name"),
                IssueCode.INVALID,
                f'The output name "{name[:40]}…" is longer than the {MAX_IDENTIFIER} bytes PostgreSQL keeps of a name.',
                "Give the output a shorter `name`.",
            )
        if name in self.outputs:
            self._refuse_twice(name, loc)
        self.names.setdefault(loc, name)
        self.outputs[name] = output
        self.types[name] = Output(name, type_)

    def take(self, other: Register, loc: Location) -> None:
        """Makes the output that another register has from this place one of this."""
        name = other.names[loc]
        if name in self.outputs:
            self._refuse_twice(name, loc)
        self.names[loc] = name
        self.outputs[name], self.types[name] = other.outputs[name], other.types[name]
        self.hidden |= other.hidden & {name}

    def find(self, names: Segments, raw: str, loc: Location, *, hint_filters: bool = False) -> Output | None:
        """The output of that name, or None and an issue."""
        found = self.types.get(raw) or self.types.get("_".join(names))
        if found is not None:
            return found
        if self._failed(raw):
            return None  # its own issue has been told
        close = get_close_matches(raw, self.types, n=3)
        hint = without_direction(raw) or (
            "Did you mean " + ", ".join(f'"{each}"' for each in close) + "?"
            if close
            else ("Its outputs are " + ", ".join(f'"{each}"' for each in self.types) + ".")
        )
        if hint_filters and not close:
            hint += " To ask a field of a row, use `filters`."
        self.issues.add(loc, IssueCode.UNKNOWN_OUTPUT, f'"{raw}" is not an output of this query.', hint)
        return None

    def part(self, kind: str, shape: OutputShape, parts: Sequence[_Part]) -> _Part | None:
        """The dimension or the measure of that name, or None and an issue."""
        found = next((part for part in parts if shape.names(part.name)), None)
        if found is None and not self._failed(shape.raw):
            names = ", ".join(f'"{part.name}"' for part in parts)
            self.issues.add(
                shape.loc,
                IssueCode.UNKNOWN_OUTPUT,
                f'"{shape.raw}" is not a {kind} of this query.',
                f"Its {kind}s are {names}." if parts else f"It has no {kind}s; add one.",
            )
        return found

    def shown(self) -> tuple[OutputColumn, ...]:
        """Dimensions, measures and calculations, each as written, without what is hidden."""
        written = [each.name for each in self.shape.calculations]
        calculated = [self.outputs[name] for name in written if name in self.outputs]
        first = [output for output in self.outputs.values() if output.role is not Role.CALCULATION]
        return tuple(output for output in (*first, *calculated) if output.name not in self.hidden)

    def _refuse_twice(self, name: str, loc: Location) -> None:
        message = f'Two outputs are called "{name}".'
        self.issues.add((*loc, "name"), IssueCode.DUPLICATE_NAME, message, "Give one of them another `name`.")

    def _failed(self, name: str) -> bool:
        """Whether `name` is, or may be, an output that could not be resolved."""
        parts = (*self.shape.dimensions, *self.shape.columns, *self.shape.measures, *self.shape.calculations)
        return any(part.name in (name, None) and part.loc not in self.names for part in parts)


def label_of(name: str) -> str:
    """A name as people would write it."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]

"""What the names in a query lead to: from `customer.segment` to a column of a table instance.

A name is first understood in the unscoped schema, so that a role never changes what it means, and then must be
visible. For the caller, what is hidden and what is missing are told in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from prismiq.access.scope import ScopedTable
from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import Column, Instant, ValueType, Zone
from prismiq.plan.nodes import Node
from prismiq.plan.planning import Planning, Shortcut
from prismiq.plan.question import Instance, Link
from prismiq.query.fields import Segments, dotted, without_direction
from prismiq.schema.models import DatabaseSchema, Relationship, TableRef

MAX_IDENTIFIER = 63  # bytes; PostgreSQL cuts longer names
MAX_STEPS = 5_000  # of the search for the ways that an error lists
MAX_LISTED = 8

_MADE = re.compile(r"(cube|top|levels|found|grid|.*by_key)(_\d+)?", re.DOTALL)
"""What plans call relations of their own: no table's instance is called so."""


class JoinTree:
    """The table instances of one query: the source, the explicit joins, and one instance per path used.

    Of a nested query as the source `node` is what it lowers to, and `source` stands for its outputs.
    """

    def __init__(self, planning: Planning, source: ScopedTable, node: Node | None = None) -> None:
        self._planning = planning
        self._schema = planning.schema
        self._issues = planning.issues
        self._taken = planning.taken
        self._by_path: dict[Segments, Instance] = {}
        self.instances: dict[str, Instance] = {}
        self.joined: dict[str, Instance] = {}
        self.failed: set[str] = set()
        """The aliases of joins that have issues of their own: what is read of them has none."""
        self.source = self._add((), source, None, node)

    def join(self, name: str, table: ScopedTable, link: Link, node: Node | None, loc: Location) -> None:
        """Adds an explicit join, whose fields begin with `name`."""
        source = self.source.table.schema
        if name in self.joined or name == source.name or self._leads(name):
            what = "another join" if name in self.joined else "the source" if name == source.name else "a relationship"
            message, hint = f'"{name}" is also {what}.', "Give the join another `alias`."
            self._issues.add(loc, IssueCode.DUPLICATE_NAME, message, hint)
            return
        self.joined[name] = self._add((name,), table, link, node)

    def _leads(self, name: str) -> bool:
        """Whether a relationship of the source that the caller sees has the name."""
        return any(name in (each.name, *each.aliases) for each in self.source.table.relationships)

    def field(self, names: Segments, loc: Location) -> Column | Instant | None:
        """The column that a path ends in, as the instant it is configured to be, or None and an issue."""
        instance = self.instance(names[:-1], loc, names)
        if instance is None:
            return None
        column = instance.table.columns.get(names[-1])
        if column is None:
            self._unknown(instance, names[-1], names, loc)
            return None
        raw = Column(instance.alias, column.name, ValueType.raw(column))
        return raw if column.stored_in is None else Instant(raw, Zone(column.stored_in))

    def instance(self, names: Segments, loc: Location, whole: Segments | None = None) -> Instance | None:
        """The table instance that a path without its column leads to, or None and an issue."""
        whole = whole or names
        if names and names[0] in self.failed:
            return None
        current, rest = self.source, names
        ref, length = self._table(names)
        if names and names[0] in self.joined:
            current, rest = self.joined[names[0]], names[1:]
        elif ref == current.table.ref or (current.node is not None and names[:1] == (current.table.schema.name,)):
            rest = names[length:] if current.node is None else names[1:]
        elif ref is not None and current.table.schema.relationship(names[0]) is None:
            found = self._search(ref, whole, loc)
            if found is None:
                return None
            self._planning.shortcuts.append(Shortcut(loc, whole, (*found.path, *whole[length:])))
            current, rest = found, names[length:]
        for name in rest:
            step = self._follow(current, name)
            if step is None:
                self._unknown(current, name, whole, loc)
                return None
            current = step
        return current

    def below(self, instance: Instance) -> JoinTree:
        """A tree of its own that starts at the instance's table, for what EXISTS asks of its rows."""
        return JoinTree(self._planning, instance.table, instance.node)

    def _table(self, names: Segments) -> tuple[TableRef | None, int]:
        """The table that the first one or two names mean, and how many they are."""
        for length in (1, 2):
            found = self._schema.database.candidates(names[:length])
            if len(found) == 1 and len(names) >= length:
                return found[0], length
        return None, 0

    def _search(self, target: TableRef, whole: Segments, loc: Location) -> Instance | None:
        """The instance of a table named without its path, where one path alone leads to it."""
        nested = self.source.node is not None
        routes = [] if nested else list(routes_between(self._schema.database, self.source.table.ref, target))
        visible = [route for route in routes if self._visible(route)]
        if len(routes) == 1 and visible and _is_only(self._schema.database, routes[0], target):
            current: Instance | None = self.source
            for relationship in routes[0]:
                current = current and self._follow(current, relationship.name)
            return current
        if not visible:
            self._unknown(self.source, whole[0], whole, loc)
            return None
        listed = ", ".join(dotted(tuple(step.name for step in route)) for route in visible[:MAX_LISTED])
        more = "" if len(routes) > 1 and len(visible) <= MAX_LISTED else ", …"
        self._issues.add(
            loc,
            IssueCode.AMBIGUOUS_PATH,
            f'"{dotted(whole)}" does not say by which path {self._name(target)} is reached from {self.source.name}.',
            f"Write the path: {listed}{more}.",
        )
        return None

    def _visible(self, route: tuple[Relationship, ...]) -> bool:
        tables = self._schema.tables
        return all(
            step.table in tables and any(step.name == each.name for each in tables[step.table].relationships)
            for step in route
        )

    def _follow(self, instance: Instance, name: str) -> Instance | None:
        known = instance.table.schema.relationship(name)
        if known is None or not any(each.name == known.name for each in instance.table.relationships):
            return None
        path = (*instance.path, known.name)
        found = self._by_path.get(path)
        if found is None:
            found = self._add(path, self._schema.tables[known.target], _link(instance, known))
        return found

    def _add(self, path: Segments, table: ScopedTable, link: Link | None = None, node: Node | None = None) -> Instance:
        alias = self._alias("_".join(path) or table.schema.name)
        instance = Instance(alias, path, table, link, node)
        self._by_path[path] = self.instances[alias] = instance
        return instance

    def _alias(self, wanted: str) -> str:
        if _MADE.fullmatch(wanted):
            wanted += "_"
        number, alias = 1, _cut(wanted, MAX_IDENTIFIER)
        while alias in self._taken:
            number += 1
            alias = f"{_cut(wanted, MAX_IDENTIFIER - 4)}_{number}"
        self._taken.add(alias)
        return alias

    def _unknown(self, instance: Instance, name: str, whole: Segments, loc: Location) -> None:
        where = instance.name if instance.node is not None else self._name(instance.table.ref)
        written = dotted(whole)
        what = f'"{written}"' if whole == (name,) or not instance.path else f'"{name}" in "{written}"'
        hint = self._hint(instance, name, where)
        self._issues.add(loc, IssueCode.UNKNOWN_FIELD, f"{what} is not a field of {where}.", hint)

    def _hint(self, instance: Instance, name: str, where: str) -> str:
        table = instance.table
        meant = [self._schema.tables.get(each.target) for each in table.relationships if each.name == name]
        column = next((column for each in meant if each is not None for column in each.columns), None)
        if column is not None:
            example = dotted((*instance.path, name, column))
            return f'"{name}" is a relationship. Name a column of it: "{example}".'
        tables = [] if instance.path else [self._name(ref) for ref in self._schema.tables]
        if name in tables:
            return f"No relationship leads from {where} to {name}."
        directed = without_direction(name)
        if directed is not None:
            return directed
        known = dict.fromkeys([*table.columns, *(each.name for each in table.relationships), *tables])
        same = [each for each in known if each.casefold() == name.casefold()]
        close = same or get_close_matches(name, known, n=3)
        listed = ", ".join(f'"{each}"' for each in close)
        if close:
            return f"Did you mean {listed}?"
        if name == "*":
            return "Name the columns. `count` without a field counts rows."
        if "(" in name:
            return 'What is computed is {"name": …, "expression": …}; a month is {"field": …, "granularity": "month"}.'
        if instance.node is not None:
            return "Its fields are " + ", ".join(f'"{each}"' for each in table.columns) + "."
        return f"GET /schema/tables/{where} lists its fields."

    def _name(self, ref: TableRef) -> str:
        return self._schema.database.reference(ref)


def routes_between(database: DatabaseSchema, start: TableRef, target: TableRef) -> Iterator[tuple[Relationship, ...]]:
    """The ways from one table to another that pass no table twice, shortest first.

    Stops after `MAX_STEPS` steps, which in a large graph is before it has found them all.
    """
    frontier: list[tuple[TableRef, tuple[Relationship, ...], frozenset[TableRef]]] = [(start, (), frozenset({start}))]
    steps = found = 0
    while frontier and found <= MAX_LISTED:
        longer: list[tuple[TableRef, tuple[Relationship, ...], frozenset[TableRef]]] = []
        for table, route, seen in frontier:
            for relationship in database.by_ref[table].relationships:
                steps += 1
                if steps > MAX_STEPS:
                    return
                if relationship.target == target:
                    found += 1
                    yield (*route, relationship)
                elif relationship.target not in seen:
                    longer.append((relationship.target, (*route, relationship), seen | {relationship.target}))
        frontier = longer


def _link(parent: Instance, relationship: Relationship) -> Link:
    types = parent.table.schema.by_name
    columns = tuple(Column(parent.alias, name, ValueType.raw(types[name])) for name in relationship.columns)
    return Link(columns, relationship.target_columns, relationship.to_one, relationship.from_one)


def _is_only(database: DatabaseSchema, route: tuple[Relationship, ...], target: TableRef) -> bool:
    """Whether no other way leads where a route does: then none does without any one of its steps."""
    return not any(_reaches(database, route[0].table, target, without) for without in route)


def _reaches(database: DatabaseSchema, start: TableRef, target: TableRef, without: Relationship) -> bool:
    seen, left = {start}, [start]
    while left and target not in seen:
        for relationship in database.by_ref[left.pop()].relationships:
            if relationship is not without and relationship.target not in seen:
                seen.add(relationship.target)
                left.append(relationship.target)
    return target in seen


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")

"""Foreign keys as relationships: each seen from both of its tables, with a name there and a cardinality.

A relationship is named after its foreign key (`customer_id` → `customer`; a key without `_id`, or of several
columns, after the table it points to), and the way back after the child table. Relationships of one table that
would share a name are each called `<table>_via_<columns>`, as a self-reference's way back always is. That form is
an alias wherever it is not the name. A configured name stands as it is and moves no other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prismiq.schema.models import Cardinality, ForeignKey, Relationship, TableRef, TableSchema


def derive_relationships(tables: Iterable[TableSchema]) -> tuple[TableSchema, ...]:
    """The tables, in their order, with `relationships` derived from all their `foreign_keys`.

    A key to a table that is not among them is passed over; of keys that pair the same columns one counts. Names do
    not depend on the order of tables or keys, and are unique within a table as long as configured ones are.
    """
    tables = tuple(tables)
    by_ref = {table.ref: table for table in tables}
    links = [link for ref in sorted(by_ref) for link in _links(by_ref[ref], by_ref)]

    ends: dict[TableRef, list[_End]] = defaultdict(list)
    for link in links:
        ends[link.forward.table].append(link.forward)
        ends[link.back.table].append(link.back)
    for group in ends.values():
        _settle(group)
        _add_aliases(group)

    found: dict[TableRef, list[Relationship]] = defaultdict(list)
    for link in links:
        for relationship in _both_ways(link, by_ref[link.forward.table]):
            found[relationship.table].append(relationship)
    return tuple(
        table.model_copy(update={"relationships": tuple(sorted(found[table.ref], key=lambda found: found.name))})
        for table in tables
    )


def unique_keys(table: TableSchema) -> tuple[frozenset[str], ...]:
    """The sets of columns in whose non-null values no two rows of the table agree."""
    keys = (table.primary_key, *table.unique, table.declared_key)
    return tuple(frozenset(key) for key in keys if key)


@dataclass(slots=True)
class _End:
    """One end of a link, being named. `forms` are its possible names, best first; `level` says which it has."""

    table: TableRef
    forms: Sequence[str]
    level: int
    configured: str | None
    competes: bool
    via: str | None
    number: str = ""
    aliases: tuple[str, ...] = field(default=())

    @property
    def derived(self) -> str:
        return self.forms[self.level] + self.number

    @property
    def name(self) -> str:
        return self.configured or self.derived


@dataclass(frozen=True, slots=True)
class _Link:
    """A foreign key with its two ends: `forward` in the child table, `back` in the one it points to."""

    key: ForeignKey
    forward: _End
    back: _End


_PLAIN, _VIA = 0, 1
"""Levels of an end's forms. Past them come the schema, then the target's columns."""


def _links(child: TableSchema, by_ref: Mapping[TableRef, TableSchema]) -> Iterable[_Link]:
    for key in _distinct(child.foreign_keys):
        if key.target not in by_ref:
            continue
        own, theirs = "_".join(key.columns), "_".join(key.target_columns)
        to_itself = key.target == child.ref

        def forms(plain: str, other: TableRef, own: str = own, theirs: str = theirs) -> list[str]:
            via = f"{other.name}_via_{own}"
            return [plain, via, f"{other.schema}_{via}", f"{other.schema}_{via}_to_{theirs}"]

        forward, back = forms(_plain_name(key), key.target), forms(child.name, child.ref)
        if to_itself:  # Both ends are in one table, and `<table>_via_<columns>` is the way back.
            forward[_VIA] = own
        yield _Link(
            key,
            forward=_End(
                table=child.ref,
                forms=forward,
                level=_PLAIN,
                configured=key.name,
                competes=key.constraint is not None or key.name is None,
                via=None if to_itself else forward[_VIA],
            ),
            back=_End(
                table=key.target,
                forms=back,
                level=_VIA if to_itself else _PLAIN,
                configured=key.inverse_name,
                competes=key.constraint is not None or key.inverse_name is None,
                via=back[_VIA],
            ),
        )


def _distinct(keys: Iterable[ForeignKey]) -> Iterable[ForeignKey]:
    """One key per pairing of columns: the database's own before a declared one, with the names of either."""
    pairings: dict[tuple[TableRef, tuple[tuple[str, str], ...]], list[ForeignKey]] = defaultdict(list)
    for key in keys:
        pairs = tuple(sorted(zip(key.columns, key.target_columns, strict=True)))
        pairings[key.target, pairs].append(key)
    for _, same in sorted(pairings.items()):
        same.sort(key=lambda key: (key.constraint is None, key.constraint or "", key.columns))
        names = {
            "name": next((key.name for key in same if key.name), None),
            "inverse_name": next((key.inverse_name for key in same if key.inverse_name), None),
        }
        yield same[0].model_copy(update=names)


def _plain_name(key: ForeignKey) -> str:
    column, *others = key.columns
    has_suffix = not others and len(column) > 3 and column.lower().endswith("_id")
    return column[:-3] if has_suffix else key.target.name


def _settle(ends: Sequence[_End]) -> None:
    """Moves ends of one table that share a name to their next forms, the least moved first, until none do.

    A plain name also gives way to another end's `<table>_via_<columns>`, which so always works.
    """
    competing = [end for end in ends if end.competes]
    reserved = {end.via for end in competing}
    while True:
        sharing: dict[str, list[_End]] = defaultdict(list)
        for end in competing:
            sharing[end.derived].append(end)
        moving = [
            end
            for name, group in sharing.items()
            for end in group
            if end.level + 1 < len(end.forms)
            and (_outranked(end, group) or (end.level == _PLAIN and name != end.via and name in reserved))
        ]
        if not moving:
            break
        for end in moving:
            end.level += 1
    # What is still shared differs in nothing that a name shows ("a_b" + "c", "a" + "b_c"): number it.
    taken = {end.derived for end in competing}
    for group in sharing.values():
        for end in group[1:]:
            number = 2
            while f"{end.derived}_{number}" in taken:
                number += 1
            taken.add(f"{end.derived}_{number}")
            end.number = f"_{number}"


def _outranked(end: _End, group: Sequence[_End]) -> bool:
    top = max(other.level for other in group)
    return end.level < top or sum(other.level == top for other in group) > 1


def _add_aliases(ends: Sequence[_End]) -> None:
    names = {end.name for end in ends}
    vias = Counter(end.via for end in ends)
    for end in ends:
        if end.via is not None and end.via not in names and vias[end.via] == 1:
            end.aliases = (end.via,)


def _both_ways(link: _Link, child: TableSchema) -> Iterable[Relationship]:
    # One to one where the columns hold a key of the child: no two of its rows then match one row of the target.
    # A nullable unique column is enough, since nulls match nothing.
    is_unique = any(key <= set(link.key.columns) for key in unique_keys(child))
    yield Relationship(
        name=link.forward.name,
        aliases=link.forward.aliases,
        table=child.ref,
        columns=link.key.columns,
        target=link.key.target,
        target_columns=link.key.target_columns,
        cardinality=Cardinality.ONE_TO_ONE if is_unique else Cardinality.MANY_TO_ONE,
        inverse_name=link.back.name,
        constraint=link.key.constraint,
    )
    yield Relationship(
        name=link.back.name,
        aliases=link.back.aliases,
        table=link.key.target,
        columns=link.key.target_columns,
        target=child.ref,
        target_columns=link.key.columns,
        cardinality=Cardinality.ONE_TO_ONE if is_unique else Cardinality.ONE_TO_MANY,
        inverse_name=link.forward.name,
        constraint=link.key.constraint,
        forward=False,
    )

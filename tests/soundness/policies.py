"""Random policies, and what they leave of a world: rules and masks applied to lists, sharing no code with the engine.

Rules are by the tenant, by attributes, filter trees, and a parent's; masks keep a column's type, so that the same
questions can be asked of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from prismiq.access import AccessPolicy, RequestContext
from prismiq.schema.models import ColumnSchema, DatabaseSchema, TableSchema
from soundness.worlds import DATES, SCHEMA, Table, World, meant

Row = dict[str, Any]
Keeps = Callable[[Row], bool | None]
"""Whether a row is kept; None is SQL's unknown."""
ATTRIBUTES: Mapping[str, Any] = {
    "n": Decimal("1.50"), "ns": [Decimal(0), Decimal("1.50")], "i": 1, "is": [0, 1, 3], "none": [], "t": "a",
    "ts": ["a", "100%", ""], "b": True, "bs": [True, False], "d": DATES[1], "ds": list(DATES[:3]), "part": "_",
}  # fmt: skip
LITERALS: Mapping[str, Any] = {"n": Decimal("-2.25"), "i": 2, "t": "b", "b": False, "d": DATES[2]}
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda own, other: own == other,
    "neq": lambda own, other: own != other,
    "gt": lambda own, other: own > other,
    "lte": lambda own, other: own <= other,
    "in": lambda own, other: own in other,
    "not_in": lambda own, other: own not in other,
    "starts_with": lambda own, other: own.startswith(other),
    "contains": lambda own, other: other in own,
    "between": lambda own, other: other[0] <= own <= other[1],
}


@dataclass(frozen=True)
class Access:
    """A caller, what they see of the schema, and the rows that are left of each table, by the table's name."""

    policy: AccessPolicy | None
    context: RequestContext | None
    schema: DatabaseSchema
    rows: Mapping[str, list[Row]]


@st.composite
def accesses(draw: st.DrawFn, world: World, schema: DatabaseSchema) -> Access:
    """A random policy in one of three cases; else everything."""
    whole = {name: [meant(row) for row in rows] for name, rows in world.rows.items()}
    if draw(st.integers(0, 2)) < 2:
        return Access(None, None, schema, whole)
    tenant = draw(st.sampled_from(["a", "b"])) if draw(st.booleans()) else None
    tables: dict[str, Any] = {}
    kept: dict[str, list[Row]] = {}
    masked: list[TableSchema] = []
    for table in world.tables:  # parents before children
        found = next(each for each in schema.tables if each.name == table.name)
        rule, keeps = draw(_rules(table, found, kept, tenant))
        kept[table.name] = [row for row in whole[table.name] if all(each(row) for each in keeps)]
        columns = draw(st.dictionaries(st.sampled_from(["n", "i", "b", "d", "t", "m"]), st.none(), max_size=2))
        rule["columns"] = {name: draw(_mask(name)) for name in columns} if draw(st.integers(0, 2)) == 0 else {}
        masked.append(_masked(found, rule["columns"]))
        tables[f"{SCHEMA}.{table.name}"] = rule
    seen = {
        table.name: [
            {name: _shown(value, tables[f"{SCHEMA}.{table.name}"]["columns"].get(name)) for name, value in row.items()}
            for row in kept[table.name]
        ]
        for table in world.tables
    }
    policy = AccessPolicy.load({"tenant_column": tenant and "t", "tables": tables})
    fields = {name: getattr(schema, name) for name in DatabaseSchema.model_fields}
    shown = DatabaseSchema.model_validate(fields | {"tables": tuple(sorted(masked, key=lambda each: each.ref))})
    return Access(policy, RequestContext(user="u", tenant=tenant, attributes=ATTRIBUTES), shown, seen)


@st.composite
def _rules(
    draw: st.DrawFn, table: Table, found: TableSchema, kept: Mapping[str, list[Row]], tenant: str | None
) -> tuple[dict[str, Any], list[Keeps]]:
    """A table's rule, and what each part of it asks of a row as it is stored."""
    rule: dict[str, Any] = {"shared": draw(st.integers(0, 2)) > 0, "rows": []}
    keeps: list[Keeps] = []
    if tenant is not None and not rule["shared"]:
        keeps.append(lambda row: row["t"] == tenant)
    if draw(st.integers(0, 4)) == 0:
        rule["rows"].append({"column": "i", "attribute": "is", "operator": "in"})
        keeps.append(lambda row: row["i"] in ATTRIBUTES["is"])
    if draw(st.integers(0, 2)) == 0:
        tree, asked = draw(_trees(2))
        roles = draw(st.sampled_from([[], ["nobody"]]))
        rule["rows"].append({"filters": tree, "unless_roles": roles})
        keeps.append(asked)
    links = [link for link in table.links if link.target != table.name]
    if links and draw(st.booleans()):
        link = draw(st.sampled_from(links))
        (up,) = (each for each in found.relationships if each.forward and set(each.columns) == set(link.columns))
        rule["parent"] = up.name
        above = [tuple(row[name] for name in up.target_columns) for row in kept[link.target]]
        keeps.append(lambda row: None not in (own := tuple(row[name] for name in up.columns)) and own in above)
    return rule, keeps


@st.composite
def _trees(draw: st.DrawFn, depth: int) -> tuple[Any, Keeps]:
    """A filter tree, and what it asks."""
    kind = draw(st.sampled_from(["leaf", "leaf", "and", "or", "not"] if depth else ["leaf"]))
    if kind == "not":
        tree, asked = draw(_trees(depth - 1))
        return {"not": tree}, lambda row: None if (found := asked(row)) is None else not found
    if kind in ("and", "or"):
        parts = draw(st.lists(_trees(depth - 1), min_size=1, max_size=2))
        deciding = kind == "or"

        def together(row: Row) -> bool | None:
            found = [asked(row) for _, asked in parts]
            return deciding if deciding in found else None if None in found else not deciding

        return {kind: [tree for tree, _ in parts]}, together
    return draw(_leaves())


@st.composite
def _leaves(draw: st.DrawFn) -> tuple[Any, Keeps]:
    column = draw(st.sampled_from(list(LITERALS)))
    operators = ["eq", "neq", "in", "not_in", "is_null", "is_not_null"]
    operators += {"t": ["starts_with", "contains"], "b": []}.get(column, ["gt", "lte", "between"])
    operator = draw(st.sampled_from(operators))
    if operator in ("is_null", "is_not_null"):
        return {"field": column, "operator": operator}, lambda row: (row[column] is None) == (operator == "is_null")
    literal, attribute = LITERALS[column], ATTRIBUTES[column]
    chosen = draw(st.booleans())
    value: Any = {"attribute": column} if chosen else literal
    meaning: Any = attribute if chosen else literal
    if operator in ("in", "not_in"):
        name = draw(st.sampled_from([f"{column}s", "none"]))
        value = {"attribute": name} if chosen else [literal]
        meaning = ATTRIBUTES[name] if chosen else [literal]
    elif operator == "between":
        value, meaning = [literal, {"attribute": column}], (literal, attribute)
    elif operator in ("starts_with", "contains"):
        value, meaning = ({"attribute": "part"}, ATTRIBUTES["part"]) if chosen else ("%", "%")
    compared = COMPARED[operator]

    def asked(row: Row) -> bool | None:
        if operator in ("in", "not_in") and not meaning:
            return operator == "not_in"  # of null too
        return None if row[column] is None else compared(row[column], meaning)

    return {"field": column, "operator": operator, "value": value}, asked


@st.composite
def _mask(draw: st.DrawFn, name: str) -> Any:
    forms: list[Any] = ["null"]
    forms += {"n": [{"constant": 7}], "b": [{"constant": True}], "d": [{"constant": DATES[0]}]}.get(name, [])
    forms += [{"constant": "x"}, {"last": 1}, {"last": 3}] if name == "t" else []
    return draw(st.sampled_from(forms))


def _shown(value: Any, mask: Any) -> Any:
    if mask is None:
        return value
    if mask == "null":
        return None
    if "constant" in mask:
        return Decimal(7) if mask["constant"] == 7 else mask["constant"]
    return None if value is None else "***" + (value[-mask["last"] :] if len(value) > mask["last"] else "")


def _masked(table: TableSchema, masks: Mapping[str, Any]) -> TableSchema:
    def column(each: ColumnSchema) -> ColumnSchema:
        mask = masks.get(each.name)
        constant = isinstance(mask, dict) and "constant" in mask
        return each.model_copy(update={"nullable": not constant}) if mask is not None else each

    fields = {name: getattr(table, name) for name in TableSchema.model_fields}
    return TableSchema.model_validate(fields | {"columns": tuple(column(each) for each in table.columns)})

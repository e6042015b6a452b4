"""Random parts of questions that bring a question of their own: nested sources and explicit joins.

A nested query names its outputs as the columns that every table has, so that whatever is asked of a table can be asked
of it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from prismiq.schema.models import TableSchema
from soundness.questions.filters import drawn_filter
from soundness.questions.words import OF_SAME_TYPE
from soundness.worlds import VALUES

if TYPE_CHECKING:
    from soundness.questions.questions import Drawer

JOINABLE = ("i", "i", "n", "t", "b", "d", "w", "m")


def nested(around: Drawer) -> dict[str, Any]:
    """A query whose outputs are called as the columns of a table, some of a row query with its source's key."""
    inner = around.inside()
    draw, way = inner.draw, inner.path()
    ways = ("", way[: way.find(".") + 1], way)
    query: dict[str, Any] = {"source": f"world.{inner.source.name}"}

    def field(column: str) -> str:
        return draw(st.sampled_from(ways)) + column

    if draw(st.booleans()):
        keys = (inner.source.key or ()) if draw(st.booleans()) else ()
        query["columns"] = [{"name": name, "field": name} for name in keys]
        query["columns"] += [{"name": column, "field": field(column)} for column in VALUES]
    else:
        grouping = draw(st.lists(st.sampled_from(tuple(VALUES)), max_size=2, unique=True))
        query["dimensions"] = [{"name": column, "field": field(column)} for column in grouping]
        query["measures"] = [
            {"name": column, "aggregate": draw(st.sampled_from(aggregates)), "field": field(column)}
            for column, aggregates in OF_SAME_TYPE.items()
            if column not in grouping
        ]
        if draw(st.integers(0, 3)) == 0:
            query["order_by"] = [draw(st.sampled_from(["", "-"])) + draw(st.sampled_from(tuple(VALUES)))]
            query["limit"] = draw(st.sampled_from((0, 1, 2, 3)))
            query["offset"] = draw(st.sampled_from((0, 0, 1)))
    if draw(st.integers(0, 2)) == 0:
        query["filters"] = drawn_filter(inner, 1, inner.source)
    return query


def joins(drawer: Drawer) -> list[dict[str, Any]]:
    """One or two explicit joins, after which paths may begin with their aliases."""
    draw, made = drawer.draw, list[dict[str, Any]]()
    for number in range(draw(st.sampled_from((1, 1, 2)))):
        part: dict[str, Any] = {"alias": f"j{number}"}
        if draw(st.integers(0, 2)) == 0:
            part["query"] = nested(drawer)
            table = as_table(drawer, part["alias"])
            grouped = [each["name"] for each in part["query"].get("dimensions", ()) if each["name"] != "s"]
            pairs = [(column, column) for column in grouped]
        else:
            table = draw(st.sampled_from(drawer.schema.tables))
            part["table"] = f"world.{table.name}"
            pairs = [("i", key) for key in table.key or ()]
        if not pairs or draw(st.booleans()):
            pairs = [(column, column) for column in draw(st.lists(st.sampled_from(JOINABLE), min_size=1, max_size=2))]
        own = drawer.source.key
        if own and len(own) == 1 and draw(st.integers(0, 3)) == 0:
            part["on"] = [{"left": own[0], "right": "i"}]
        else:
            part["on"] = [{"left": drawer.path(1) + left, "right": right} for left, right in pairs]
        if draw(st.integers(0, 2)) == 0:
            part["type"] = "inner"
        made.append(part)
        drawer.joined[part["alias"]] = table
    return made


def as_table(drawer: Drawer, name: str) -> TableSchema:
    """What a nested query looks like to the one that draws paths from it."""
    template = drawer.schema.tables[0]
    return TableSchema(schema_name="", name=name, columns=tuple(template.by_name[column] for column in VALUES))

"""Random conditions: trees of them, `exists`, and what a field is compared with."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from prismiq.schema.models import TableSchema
from soundness.questions.expressions import expression
from soundness.questions.words import COMPARISONS, OF_SAME_TYPE, OPERATORS
from soundness.worlds import VALUES

if TYPE_CHECKING:
    from soundness.questions.questions import Drawer


def drawn_filter(drawer: Drawer, depth: int, start: TableSchema) -> Any:
    kinds = ["leaf", "leaf", "and", "or", "not", *(["exists"] if start.relationships else [])]
    kind = drawer.draw(st.sampled_from(kinds if depth else kinds[:1]))
    if kind == "leaf":
        return _condition(drawer, start)
    if kind == "not":
        return {"not": drawn_filter(drawer, depth - 1, start)}
    if kind == "exists":
        return _exists(drawer, depth, start)
    return {
        kind: [drawn_filter(drawer, depth - 1, start) for _ in range(drawer.draw(st.sampled_from([1, 2, 2, 3, 0])))]
    }


def _exists(drawer: Drawer, depth: int, start: TableSchema) -> dict[str, Any]:
    table, names = start, list[str]()
    for _ in range(drawer.draw(st.integers(1, 2))):
        step = drawer.draw(st.sampled_from(table.relationships))
        names.append(step.name)
        table = drawer.schema.by_ref[step.target]
    part: dict[str, Any] = {"exists": ".".join(names)}
    if drawer.draw(st.booleans()):
        drawer.around.append(start)
        part["filters"] = drawn_filter(drawer, depth - 1, table)
        drawer.around.pop()
    return part


def _condition(drawer: Drawer, start: TableSchema) -> dict[str, Any]:
    if start is drawer.source and drawer.draw(st.integers(0, 6)) == 0:
        value = drawer.draw(st.sampled_from((0, 1, Decimal("1.5"))))
        operator = drawer.draw(st.sampled_from(("eq", "gt", "lte")))
        return {"expression": expression(drawer), "operator": operator, "value": value}
    column = drawer.draw(st.sampled_from(tuple(VALUES)))
    part: dict[str, Any] = {"field": drawer.path(start=start) + column}
    if drawer.draw(st.integers(0, 4)) == 0:
        return part | {"operator": drawer.draw(st.sampled_from(["is_null", "is_not_null"]))}
    if drawer.draw(st.integers(0, 5)) == 0:
        return part | _compared_with_field(drawer, column, start)
    if drawer.draw(st.integers(0, 7)) == 0:
        return part | _compared_with_query(drawer, column)
    operator = drawer.draw(st.sampled_from(OPERATORS.get(column, COMPARISONS)))
    if column == "t":
        part["case_sensitive"] = drawer.draw(st.booleans())
    return part | {"operator": operator, "value": _compared(drawer, column, operator)}


def _compared(drawer: Drawer, column: str, operator: str) -> Any:
    """One value, a list, a pair or a period. A date stands for the whole day that a moment is compared with."""
    values: list[Any] = list(VALUES["m" if column == "s" else column][1])
    if operator in ("like", "ilike"):
        values = ["a", "A%", "%\\%", "_\\__", "%\\\\%", "%'%", ""]
    if column in "mws":
        days = sorted({moment.date() for moment in values})
        values = days if operator in ("in", "not_in") and drawer.draw(st.booleans()) else values
        if operator not in ("in", "not_in"):
            values += days
    one = st.sampled_from(values)
    if operator in ("in", "not_in"):
        return drawer.draw(st.lists(one, max_size=3))
    if "between" in operator:
        return [drawer.draw(one), drawer.draw(one)]
    if "period" in operator:
        ends = drawer.draw(st.sampled_from([("from",), ("to",), ("from", "to")]))
        return {end: drawer.draw(one) for end in ends}
    return drawer.draw(one)


def _compared_with_query(drawer: Drawer, column: str) -> dict[str, Any]:
    """An operator and a query of one output: of any values, or of one, which may not be there."""
    inner = drawer.inside()
    draw, field = inner.draw, inner.path(2) + column
    query: dict[str, Any] = {"source": f"world.{inner.source.name}"}
    if draw(st.integers(0, 2)) == 0:
        query["filters"] = drawn_filter(inner, 1, inner.source)
    if draw(st.booleans()):
        query[draw(st.sampled_from(("dimensions", "columns")))] = [{"name": "q", "field": field}]
        return {"operator": draw(st.sampled_from(("in", "not_in"))), "query": query}
    if draw(st.booleans()):
        aggregate = draw(st.sampled_from(OF_SAME_TYPE[column]))
        query["measures"] = [{"name": "q", "aggregate": aggregate, "field": field}]
    else:
        query |= {"dimensions": [{"name": "q", "field": field}], "limit": 1, "offset": draw(st.sampled_from((0, 1, 9)))}
    operators = ("eq", "neq") if column == "b" else ("eq", "neq", "gt", "gte", "lt", "lte")
    return {"operator": draw(st.sampled_from(operators)), "query": query}


def _compared_with_field(drawer: Drawer, column: str, start: TableSchema) -> dict[str, Any]:
    """An operator and another field, inside `exists` sometimes one of the row around it."""
    draw = drawer.draw

    def other() -> dict[str, str]:
        if drawer.around and draw(st.booleans()):
            return {"outer": drawer.path(1, drawer.around[-1]) + column}
        return {"field": drawer.path(1, start) + column}

    operators = ("eq", "neq") if column == "b" else ("eq", "neq", "gt", "gte", "lt", "lte", "between", "not_between")
    operator = draw(st.sampled_from(operators))
    if "between" not in operator:
        return {"operator": operator, "value": other()}
    return {"operator": operator, "value": [draw(st.sampled_from(VALUES[column][1])), other()]}

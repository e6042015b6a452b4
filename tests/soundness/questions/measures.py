"""Random measures, with grain, order and filters of their own, and what ranks or restricts groups by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from soundness.questions.expressions import expression
from soundness.questions.filters import drawn_filter
from soundness.questions.words import AGGREGATES
from soundness.worlds import VALUES

if TYPE_CHECKING:
    from soundness.questions.questions import Drawer


def measure(drawer: Drawer, name: str) -> dict[str, Any]:
    kind = drawer.draw(st.sampled_from(["rows", "field", "field", "field", "expression"]))
    part: dict[str, Any] = {"name": name}
    if kind == "rows":
        part["aggregate"] = "count"
        path = drawer.path().removesuffix(".")
        if path:
            part["table"] = path
    elif kind == "expression":
        part |= {
            "aggregate": drawer.draw(st.sampled_from(("sum", "avg", "max", "count"))),
            "expression": expression(drawer),
        }
    else:
        column = drawer.draw(st.sampled_from(tuple(VALUES)))
        path = drawer.path()
        part |= {"aggregate": drawer.draw(st.sampled_from(AGGREGATES[column])), "field": path + column}
        if path and drawer.draw(st.integers(0, 3)) == 0:
            above = path.removesuffix(".").split(".")[: -1 if drawer.draw(st.booleans()) else None]
            part["grain"] = ".".join(above) or drawer.source.name
    if part["aggregate"] in ("first", "last") or (
        part["aggregate"] in ("array_agg", "string_agg") and drawer.draw(st.booleans())
    ):
        part["order_by"] = _order(drawer, part)
    if part["aggregate"] == "string_agg" and drawer.draw(st.booleans()):
        part["separator"] = drawer.draw(st.sampled_from(("", "; ", "2025-01-01", "%", "'")))
    if part["aggregate"] == "percentile":
        part["p"] = drawer.draw(st.sampled_from((0.0, 0.25, 0.9, 1.0)))
    if drawer.draw(st.integers(0, 2)) == 0:
        part["filters"] = drawn_filter(drawer, 1, drawer.source)
    return part


def _order(drawer: Drawer, measure: dict[str, Any]) -> list[str]:
    """Fields of the grain's own rows, mostly; else of those on the way, or of any."""
    grain = measure.get("grain", measure["field"][:-1]).removesuffix(".")
    own = "" if grain in ("", drawer.source.name) else f"{grain}."
    ways = [own, own, own, own.rpartition(".")[0].rpartition(".")[0], ""]
    keys: list[str] = []
    for _ in range(drawer.draw(st.sampled_from((1, 1, 2)))):
        way = drawer.draw(st.sampled_from(ways))
        if drawer.draw(st.integers(0, 9)) == 0:
            way = drawer.path()
        dot = "." if way and not way.endswith(".") else ""
        keys.append(drawer.draw(st.sampled_from(("", "-"))) + way + dot + drawer.draw(st.sampled_from(tuple(VALUES))))
    return keys


def top(drawer: Drawer, dimensions: list[str], measures: list[str]) -> dict[str, Any]:
    top: dict[str, Any] = {
        "dimension": drawer.draw(st.sampled_from(dimensions)),
        "n": drawer.draw(st.sampled_from([1, 1, 2, 3])),
        "by": drawer.draw(st.sampled_from(measures)),
        "descending": drawer.draw(st.booleans()),
    }
    if drawer.draw(st.booleans()):
        top["other"] = drawer.draw(st.sampled_from(["Other", "a"]))
    return top


def having(drawer: Drawer, measure: dict[str, Any]) -> dict[str, Any]:
    if measure["aggregate"] in ("count", "count_distinct"):
        return {"field": measure["name"], "operator": "gte", "value": drawer.draw(st.integers(0, 2))}
    return {"not": {"field": measure["name"], "operator": drawer.draw(st.sampled_from(["is_null", "is_not_null"]))}}

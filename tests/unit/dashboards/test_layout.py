"""The grid: no two widgets in one place, and room for those that name none."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from prismiq.dashboards import Dashboard
from prismiq.dashboards.layout import overlaps, placed
from prismiq.dashboards.reading import read
from prismiq.dashboards.widgets import Position

POSITIONS = st.builds(
    lambda x, y, w, h: Position(x=x, y=y, w=min(w, 12 - x), h=h),
    st.integers(0, 11), st.integers(0, 6), st.integers(1, 12), st.integers(1, 4),
)  # fmt: skip
KINDS = st.sampled_from(["metric", "text", "table", "pivot", "bar", "unheard of"])


def cells(position: Position) -> set[tuple[int, int]]:
    return {
        (x, y) for x in range(position.x, position.x + position.w) for y in range(position.y, position.y + position.h)
    }


@given(POSITIONS, POSITIONS)
def test_two_overlap_where_they_share_a_cell(one: Position, other: Position) -> None:
    assert one.overlaps(other) is other.overlaps(one) is bool(cells(one) & cells(other))


@settings(max_examples=100)
@given(st.lists(POSITIONS, max_size=5), st.lists(KINDS, max_size=8), st.randoms(use_true_random=False))
def test_what_is_placed_overlaps_nothing_that_did_not(there: list[Position], kinds: list[str], random: Any) -> None:
    widgets: list[dict[str, Any]] = [{"type": "text", "text": "x", "position": each.model_dump()} for each in there]
    widgets += [{"type": kind} for kind in kinds]
    random.shuffle(widgets)
    found = [Position.model_validate(each["position"]) for each in placed(widgets)]
    for (index, one), (other_index, other) in combinations(enumerate(found), 2):
        if "position" not in widgets[index] or "position" not in widgets[other_index]:
            assert not one.overlaps(other)
    assert [each.get("position") or {} for each in widgets if "position" in each] == [
        position.model_dump() for each, position in zip(widgets, found, strict=True) if "position" in each
    ]


def test_an_overlap_names_both() -> None:
    board = read(
        Dashboard,
        {
            "title": "x",
            "widgets": [
                {"id": name, "type": "text", "text": "x", "position": {"x": x, "y": 0, "w": 6, "h": 2}}
                for name, x in (("a", 0), ("b", 6), ("c", 3))
            ],
        },
    )
    (issue,) = overlaps(board.widgets)
    assert (issue.loc, issue.message) == (("widgets", 2, "position"), 'The widgets "a" and "c" overlap.')

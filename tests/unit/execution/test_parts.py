"""What COPY writes is finished in parts, which end where a line does."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from prismiq.execution.copying import JsonRows, in_parts
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.schema.types import DataType
from prismiq.sql.statement import Copying, Statement

LINES = st.lists(st.text(alphabet="aü,\"'", max_size=40), max_size=30)


@given(LINES, st.integers(1, 100))
def test_all_of_it_in_parts_that_end_with_a_line(lines: list[str], size: int) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    parts = list(in_parts(data, size))
    assert b"".join(parts) == data
    longest = max((len(line.encode()) + 1 for line in lines), default=0)
    for part in parts:
        assert part.endswith(b"\n")
        part.decode()
        assert len(part) <= max(size, longest) + size


def test_what_has_no_line_is_one_part() -> None:
    assert list(in_parts(b"x" * 100, 10)) == [b"x" * 100]
    assert list(in_parts(b"", 10)) == []


@given(st.lists(st.text(alphabet="aü,\n", max_size=40), max_size=10), st.integers(1, 60))
def test_rows_are_the_same_however_they_come(texts: list[str], size: int) -> None:
    column = OutputColumn("text", DataType.TEXT, Role.COLUMN, "Text")
    statement = Statement("", (), (column,), copying=Copying("MARK", (0,)))
    data = "".join(f'"{text}",MARK\n' for text in texts).encode()
    rows = JsonRows(statement, cap=None)
    pieces = [rows.feed(data[start : start + size]) for start in range(0, len(data), size)]
    assert rows.count == len(texts)
    assert json.loads(b"[" + b"".join(pieces) + b"]") == [[text] for text in texts]

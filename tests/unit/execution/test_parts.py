"""What COPY writes is finished in parts, which end where a line does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prismiq.execution.copying import in_parts

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

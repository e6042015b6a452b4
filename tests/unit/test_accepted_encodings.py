"""What of a client's `Accept-Encoding` decides how an answer is sent (RFC 9110, 12.5.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.api.compression import accepted


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", None),
        ("gzip, deflate, br, zstd", "zstd"),  # browsers
        ("gzip, deflate", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("br", None),
        ("*", "zstd"),
        ("*;q=0", None),
        ("zstd;q=0, *", "gzip"),
        ("gzip;q=0.5, zstd;q=0.4", "gzip"),
        ("gzip;q=0.5, *;q=0.6", "zstd"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("gzip;q=0.001", "gzip"),
        ("gzip ; q=0.5", "gzip"),
        ("identity", None),
        ("identity, gzip", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.1, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0", None),
        ("gzip;q=nan", None),
        ("gzip;q=1.5", None),
        ("gzip;q=", None),
        (",,gzip,", "gzip"),
        ("gzip;level=9", "gzip"),
    ],
)
def test_what_is_chosen(accept: str, encoding: str | None) -> None:
    assert accepted(accept) == encoding


@given(st.text(max_size=100) | st.text(alphabet="gzipstd*;q=01., -", max_size=60))
def test_nothing_that_is_sent_is_an_error(accept: str) -> None:
    assert accepted(accept) in (None, "gzip", "zstd")


NAMES = ("gzip", "zstd", "identity", "br", "*")


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 1000)), st.data())
def test_the_one_that_the_client_likes_best(thousandths: dict[str, int], data: st.DataObject) -> None:
    """However it is written."""
    spaces = st.sampled_from(("", " ", "\t", "  "))
    parts: list[str] = []
    for name, weight in data.draw(st.permutations(list(thousandths.items()))):
        upper = data.draw(st.booleans())
        written = f"{weight / 1000:.3f}" if weight < 1000 else data.draw(st.sampled_from(("1", "1.0", "1.000")))
        q = "" if weight == 1000 and data.draw(st.booleans()) else f";{data.draw(spaces)}q={written}"
        parts.append(f"{data.draw(spaces)}{name.upper() if upper else name}{data.draw(spaces)}{q}")
    found = accepted(",".join(parts))

    def liked(name: str) -> int:
        return thousandths.get(name, thousandths.get("*", 0))

    if found is None:
        assert max(liked("gzip"), liked("zstd")) < max(1, thousandths.get("identity", 0))
    else:
        assert liked(found) == max(liked("gzip"), liked("zstd")) >= max(1, thousandths.get("identity", 0))
        assert found == "zstd" or liked("gzip") > liked("zstd")

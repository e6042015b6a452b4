"""What is compressed comes out again, whole and piece by piece."""

from __future__ import annotations

import asyncio
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from prismiq.execution.encodings import OFFERED, Encoding, Stepwise, compress
from prismiq.execution.forms import Forms, FormsOfSome


def opened(content: bytes, encoding: Encoding) -> tuple[bytes, bool]:
    """What can be read of it, and whether it is all."""
    if encoding == "gzip":
        reader = zlib.decompressobj(31)
        return reader.decompress(content), reader.eof
    other = zstandard.ZstdDecompressor().decompressobj()
    return other.decompress(content), other.eof


def test_zstd_comes_first() -> None:
    assert OFFERED == ("zstd", "gzip")


@pytest.mark.parametrize("encoding", OFFERED)
@given(content=st.binary(max_size=5_000))
def test_whole(encoding: Encoding, content: bytes) -> None:
    assert opened(compress(content, encoding), encoding) == (content, True)


@pytest.mark.parametrize("encoding", OFFERED)
@given(pieces=st.lists(st.binary(max_size=2_000), max_size=6))
def test_each_piece_can_be_read_when_it_is_there(encoding: Encoding, pieces: list[bytes]) -> None:
    compressor = Stepwise(encoding)
    sent = b""
    for count, piece in enumerate(pieces, 1):
        sent += compressor.step(piece)
        assert opened(sent, encoding) == (b"".join(pieces[:count]), False)
    assert opened(sent + compressor.end(), encoding) == (b"".join(pieces), True)


async def test_a_form_is_made_once_for_all_who_want_it() -> None:
    forms = Forms()
    made = 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return b"form"

    assert await asyncio.gather(*(forms.get("gzip", make) for _ in range(5))) == [b"form"] * 5
    assert await forms.get("gzip", make) == b"form"
    assert (made, forms.size) == (1, 4)
    assert await asyncio.gather(*(forms.get("gzip", make, keep=False) for _ in range(5))) == [b"form"] * 5
    assert (made, forms.size) == (2, 4)
    await forms.get("gzip", make, keep=False)
    assert (made, forms.size) == (3, 4)


async def test_whoever_leaves_takes_no_form_from_others() -> None:
    forms = Forms()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def make() -> bytes:
        begun.set()
        await go_on.wait()
        return b"form"

    first = asyncio.ensure_future(forms.get("gzip", make))
    await begun.wait()
    second = asyncio.ensure_future(forms.get("gzip", make))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    go_on.set()
    assert await second == b"form"


async def test_a_form_that_could_not_be_made_is_made_by_the_next() -> None:
    forms = Forms()

    async def fail() -> bytes:
        raise MemoryError

    async def make() -> bytes:
        return b"form"

    with pytest.raises(MemoryError):
        await forms.get("gzip", fail)
    assert await forms.get("gzip", make) == b"form"


def test_the_contents_sent_last_have_forms() -> None:
    some = FormsOfSome(2)
    one, two = some.of(b"one"), some.of(b"two")
    assert one is not two
    assert some.of(b"o" + b"ne") is one
    some.of(b"three")
    assert some.of(b"one") is one
    assert some.of(b"two") is not two

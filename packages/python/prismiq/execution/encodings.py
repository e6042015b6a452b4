"""Bytes in fewer bytes: zstd where there is one, else gzip, at their first level, which costs less than it saves."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

Encoding = Literal["zstd", "gzip"]

_IN_PYTHON = sys.version_info >= (3, 14)

OFFERED: tuple[Encoding, ...] = ("zstd", "gzip") if _IN_PYTHON or find_spec("zstandard") else ("gzip",)
"""What there is, the best first. Before Python 3.14 zstd is of the extra `fast`."""

LEVEL = 1


def compress(content: bytes, encoding: Encoding) -> bytes:
    """The content in an encoding."""
    if encoding == "zstd":
        return _mine.zstd(content)
    made = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    return made.compress(content) + made.flush()


class Stepwise:
    """Compresses pieces one after the other, each so that whoever has it can read all of it."""

    step: Callable[[bytes], bytes]
    end: Callable[[], bytes]
    """What ends it. Without that whoever reads it knows that something is missing."""

    def __init__(self, encoding: Encoding) -> None:
        if encoding == "zstd":
            self.step, self.end = _zstd_steps()
            return
        made = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
        self.step, self.end = lambda content: made.compress(content) + made.flush(zlib.Z_SYNC_FLUSH), made.flush


_GZIP = 31
"""To zlib: the largest window, in gzip's frame."""

_Steps = tuple[Callable[[bytes], bytes], Callable[[], bytes]]

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdCompressor

    def _new_zstd() -> Callable[[bytes], bytes]:
        made = ZstdCompressor(level=LEVEL)
        return lambda content: made.compress(content, made.FLUSH_FRAME)

    def _zstd_steps() -> _Steps:
        made = ZstdCompressor(level=LEVEL)
        return lambda content: made.compress(content, made.FLUSH_BLOCK), made.flush

else:

    def _new_zstd() -> Callable[[bytes], bytes]:
        from zstandard import ZstdCompressor  # noqa: PLC0415  an extra

        return ZstdCompressor(level=LEVEL).compress

    def _zstd_steps() -> _Steps:
        from zstandard import COMPRESSOBJ_FLUSH_BLOCK, ZstdCompressor  # noqa: PLC0415  an extra

        made = ZstdCompressor(level=LEVEL).compressobj()
        return lambda content: made.compress(content) + made.flush(COMPRESSOBJ_FLUSH_BLOCK), made.flush


class _Mine(threading.local):
    """What a thread has to itself: a new compressor costs more than a small answer does."""

    def __init__(self) -> None:
        self._zstd: Callable[[bytes], bytes] | None = None

    @property
    def zstd(self) -> Callable[[bytes], bytes]:
        if self._zstd is None:
            self._zstd = _new_zstd()
        return self._zstd


_mine = _Mine()

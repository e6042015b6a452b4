"""A lock that the operating system releases when its holder dies."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Holds the lock file; waits while another process does."""
    with path.open("a") as file:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  not on every platform

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(file, fcntl.LOCK_EX)
        yield

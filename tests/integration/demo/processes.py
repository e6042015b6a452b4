"""What runs, and what has ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(happened: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A zombie has ended; whoever started it has not asked yet.
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def processes_of(folder: Path) -> list[int]:
    """The processes that work below the folder, or were started with it in their command line."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            inside = (entry / "cwd").resolve().is_relative_to(folder)
        except (OSError, RuntimeError):
            continue
        if inside or (str(folder) in command and entry.name != str(os.getpid())):
            found.append(int(entry.name))
    return found


def title_of(pid: int) -> str:
    """How a process calls itself: one of PostgreSQL's says what it does. Empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""

"""Ends the server when the process that owns it dies, however it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def dies_with_parent() -> Callable[[], None] | None:
    """A `preexec_fn` after which the kernel sends SIGINT (a fast shutdown) to the child when its parent dies.

    None where it does not serve: off Linux, and outside the main thread, since it is the thread whose end counts.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: after it, next to nothing is safe to call
    parent = os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return before_exec


class Watchdog:
    """A tiny shell process that stops the server when the pipe it reads from closes: when its owner is gone.

    For where `dies_with_parent` does not serve. It has a session of its own, so Ctrl-C in the terminal passes it by.
    """

    def __init__(self, pid: int) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'read line; kill -INT "$0"', str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Ends the watch; call it once the server has stopped."""
        self._process.kill()
        self._process.communicate()

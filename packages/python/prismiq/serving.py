"""Serves an application on a port, for the command line. A host has its own way."""

from __future__ import annotations

import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from prismiq.errors import ConfigurationError


def listen(host: str, port: int) -> socket.socket:
    """Takes the port, first of all: whoever comes later learns of a port in use before anything is started.

    Raises ConfigurationError where it is in use or not ours to take. Port 0 takes any free one.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
        # asyncio sets it only on sockets of its own; without it each answer on a kept connection waits some 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"Port {port} on {host} is in use.", hint=f"Choose another: --port {port + 1}."
            ) from None
        raise ConfigurationError(
            f"Port {port} on {host} cannot be opened: {error.strerror}.", hint="Choose another with --port or --host."
        ) from None


def address(listener: socket.socket) -> str:
    """`http://127.0.0.1:8000`, for people; a server on all interfaces is reached by loopback, too."""
    name: tuple[str, int] = listener.getsockname()[:2]
    host, port = name
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: Any, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serves an ASGI application until Ctrl-C or SIGTERM; calls `on_ready` once it answers.

    Open requests get a few seconds to end. Raises ConfigurationError when the application does not start.
    """
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)
    server = _Server(config, on_ready)
    await server.serve(sockets=[listener])
    if not server.was_ready:
        raise ConfigurationError("The application did not start.", hint="The message above says why.")


def pass_by_what_stays() -> None:
    """Has the garbage collector pass by all that there is by now: modules, models, the schema.

    It goes through them time and again, some 50 ms in which nobody is answered. To end that is for a program to decide,
    and not for a library.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def orderly_end() -> Generator[None]:
    """Within it SIGTERM ends the program as Ctrl-C does: `with` blocks and `finally` still run. Main thread only."""

    def leave(number: int, frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self.was_ready = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            pass_by_what_stays()
            self.was_ready = True
            self._on_ready()

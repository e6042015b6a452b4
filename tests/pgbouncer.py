"""A PgBouncer in transaction mode in front of the tests' PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from prismiq.embedded.account import identity, server_account

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
MISSING = "PgBouncer is not installed (Debian: apt-get install pgbouncer)"


@contextmanager
def transaction_pooler(dsn: str, *users: str, servers: int = 2, ignore: str = "") -> Iterator[str]:
    """The address of a pooler before the database of `dsn`, for its user and the others named.

    It has `servers` connections for however many clients, and hands them from one to another after each transaction.
    `ignore` are the startup parameters that it takes without doing what they say.
    """
    assert PROGRAM is not None, MISSING
    parts = urlsplit(dsn)
    name, user = parts.path.lstrip("/"), parts.username or "postgres"
    options = parse_qs(parts.query)
    folder = Path(tempfile.mkdtemp(prefix="prismiq-bouncer-"))
    port = _free_port()
    lines = [
        "[databases]",
        f"{name} = host={options['host'][0]} port={options.get('port', ['5432'])[0]} dbname={name}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "pool_mode = transaction",
        f"default_pool_size = {servers}",
        "max_client_conn = 500",
        "auth_type = trust",
        f"auth_file = {folder / 'users.txt'}",
        f"logfile = {folder / 'log'}",
        f"pidfile = {folder / 'pid'}",
        f"ignore_startup_parameters = {ignore}" if ignore else "",
    ]
    (folder / "users.txt").write_text("".join(f'"{each}" ""\n' for each in (user, *users)))
    (folder / "pgbouncer.ini").write_text("\n".join(lines))
    account = server_account()  # it refuses to run as root, too
    if account is not None:
        account.own(folder)
    process = subprocess.Popen(
        [PROGRAM, "-q", str(folder / "pgbouncer.ini")],
        **identity(account),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process, folder / "log")
        yield f"postgresql://{user}@127.0.0.1:{port}/{name}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text() if log.exists() else "PgBouncer did not start") from None
            time.sleep(0.01)
        else:
            return

"""Starts PostgreSQL in a folder, attaches to one that runs there already, and stops it.

`EmbeddedPostgres.start` shows the flow; the files beside this one hold the parts: which programs (`install`), as whom
(`account`), the data folder (`cluster`), and the end (`guard`).
"""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from prismiq.embedded.account import Account, identity, server_account
from prismiq.embedded.cluster import (
    SUPERUSER,
    Postmaster,
    clean_environment,
    drop_stale_pid_file,
    ensure_cluster,
    read_postmaster,
    version_of,
)
from prismiq.embedded.guard import Watchdog, dies_with_parent
from prismiq.embedded.install import Install, find_install
from prismiq.embedded.lock import exclusive
from prismiq.errors import ConfigurationError

_SOCKET_PATH_LIMIT = 100  # the operating system's is 107 bytes, or 103
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0

# Nothing here is replicated; with minimal WAL a table made and filled in one transaction is written once.
_SETTINGS = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL server in a folder, reached by a Unix socket that only its user can open.

    Synchronous and thread-bound on purpose: start it from the main thread, before the event loop. The server ends with
    the process that started it, even when that is killed. A second process that starts the same folder attaches to the
    running server and leaves it alone when it stops.

        with EmbeddedPostgres(folder) as server:
            await asyncpg.connect(server.dsn())

    `durable=False` never waits for the disk: for tests. `tcp` listens on 127.0.0.1 with a password instead of a socket;
    the default where there are no Unix sockets. `settings` are PostgreSQL's own, by name. Methods raise
    ConfigurationError with the way out where the folder, the programs or the account do not serve.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        durable: bool = True,
        tcp: bool = sys.platform == "win32",
        settings: Mapping[str, str] | None = None,
        install: Install | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).expanduser().absolute()
        self.cluster = self.data_dir / "cluster"
        self._durable = durable
        self._tcp = tcp
        self._settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._install = install
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None
        self._postmaster: Postmaster | None = None
        self._temporary_socket_dir: Path | None = None

    @property
    def owner(self) -> bool:
        """Whether this object started the server, and so will stop it."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The server's process number."""
        return self._started().pid

    def start(self) -> EmbeddedPostgres:
        """Starts the server, or attaches to the one that runs on this folder. Returns itself once connections are
        accepted."""
        if self._postmaster is not None:
            return self
        account = server_account()
        self._make_folder(account)
        with exclusive(self.data_dir / "lock"):
            self._postmaster = self._find_running()
            if self._postmaster is None:
                install = (self._install or find_install()).reachable_by(account, self.data_dir)
                password = self._password_file(account) if self._tcp else None
                ensure_cluster(self.cluster, install, account, durable=self._durable, password_file=password)
                drop_stale_pid_file(self.cluster)
                self._postmaster = self._launch(install, account)
        return self

    def stop(self) -> None:
        """Stops the server if it is ours (a fast shutdown: open transactions are rolled back); else only lets go."""
        process, self._process, self._postmaster = self._process, None, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._watchdog is not None:
            self._watchdog.dismiss()
            self._watchdog = None
        if self._temporary_socket_dir is not None:
            shutil.rmtree(self._temporary_socket_dir, ignore_errors=True)
            self._temporary_socket_dir = None

    def reset(self) -> None:
        """Deletes the data, nothing else in the folder. Refuses while a server runs on it."""
        if not self.cluster.exists():
            return
        version_of(self.cluster)  # or it is not ours to delete
        with exclusive(self.data_dir / "lock"):
            running = read_postmaster(self.cluster)
            if running is not None:
                raise ConfigurationError(
                    f"A server (process {running.pid}) runs on {self.data_dir}.",
                    hint="Stop the program that started it, then reset.",
                )
            shutil.rmtree(self.cluster)

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """The address of a database on this server, for asyncpg and for anything that is built on libpq."""
        running = self._started()
        if running.socket_dir is None:
            return f"postgresql://{quote(user)}:{self.password}@127.0.0.1:{running.port}/{quote(database)}"
        return (
            f"postgresql://{quote(user)}@/{quote(database)}"
            f"?host={quote(str(running.socket_dir), safe='')}&port={running.port}"
        )

    @property
    def password(self) -> str | None:
        """The password of every role on a server that listens by TCP; None where the socket's folder is the guard."""
        file = self.data_dir / "password"
        return None if self._started().socket_dir is not None else file.read_text()

    def __enter__(self) -> EmbeddedPostgres:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _started(self) -> Postmaster:
        if self._postmaster is None:
            raise ConfigurationError("The embedded PostgreSQL is not started.", hint="Call start() first.")
        return self._postmaster

    def _make_folder(self, account: Account | None) -> None:
        try:
            self.data_dir.mkdir(mode=0o700 if account is None else 0o755, parents=True, exist_ok=True)
            (self.data_dir / "lock").touch(mode=0o600)
        except OSError as error:
            raise ConfigurationError(
                f"{self.data_dir} cannot be used: {error.strerror}.", hint="Choose another folder with --data-dir."
            ) from error
        if account is not None and not account.can("execute", self.data_dir):
            raise ConfigurationError(
                f'PostgreSQL runs as "{account.name}" here, which cannot reach {self.data_dir}.',
                hint="Choose a folder that every account can reach, such as /var/lib/prismiq, with --data-dir.",
            )

    def _find_running(self) -> Postmaster | None:
        """The server that runs on the folder. Waits out one that is starting or stopping."""
        deadline = time.monotonic() + _START_SECONDS
        while (running := read_postmaster(self.cluster)) is not None:
            if running.ready and running.answers():
                return running
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"A server (process {running.pid}) runs on {self.data_dir} and does not answer.",
                    hint="End that process, then start again.",
                )
            time.sleep(0.02)
        return None

    def _launch(self, install: Install, account: Account | None) -> Postmaster:
        options = {**self._settings, **self._listening(account)}
        command: list[str | Path] = [install.program("postgres"), "-D", self.cluster]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = self.data_dir / "postgres.log"
        last_wish = dies_with_parent()
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    command,
                    **identity(account),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self.data_dir,
                    env=clean_environment(),
                    start_new_session=True,  # Ctrl-C in the terminal is ours; the server is stopped in our order
                    preexec_fn=last_wish,  # noqa: PLW1509  it calls one function looked up before the fork
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise ConfigurationError(
                    f"PostgreSQL could not be executed: {error}.", hint="Is the folder mounted with noexec?"
                ) from error
        self._process = process
        if last_wish is None and sys.platform != "win32":
            self._watchdog = Watchdog(process.pid)
        try:
            return self._wait_until_ready(process, log)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> Postmaster:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            running = read_postmaster(self.cluster)
            if running is not None and running.pid == process.pid and running.ready:
                return running
            time.sleep(0.01)
        said = log.read_text(errors="replace").strip().splitlines()
        raise ConfigurationError(
            f"PostgreSQL did not start on {self.data_dir}. It said: {' / '.join(said[-3:]) or 'nothing'}",
            hint=f"The whole log is {log}. If the data is damaged, start anew with --reset.",
        )

    def _listening(self, account: Account | None) -> dict[str, str]:
        if self._tcp:
            return {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
        return {"listen_addresses": "", "port": "5432", "unix_socket_directories": str(self._socket_dir(account))}

    def _socket_dir(self, account: Account | None) -> Path:
        folder = self.data_dir / "socket"
        if len(str(folder).encode()) + len("/.s.PGSQL.5432") > _SOCKET_PATH_LIMIT or "," in str(folder):
            folder = self._temporary_socket_dir = Path(tempfile.mkdtemp(prefix="prismiq-", dir="/tmp"))
        folder.mkdir(mode=0o700, exist_ok=True)
        if account is not None:
            account.own(folder)
        return folder

    def _password_file(self, account: Account | None) -> Path:
        file = self.data_dir / "password"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24))
        if account is not None:
            account.own(file)
        return file


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

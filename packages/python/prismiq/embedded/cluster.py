"""A data folder of PostgreSQL (a "cluster"): makes one, checks one, reads who runs on it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from prismiq.embedded.account import Account, identity
from prismiq.embedded.install import Install
from prismiq.errors import ConfigurationError

SUPERUSER = "postgres"


def ensure_cluster(
    folder: Path, install: Install, account: Account | None, *, durable: bool, password_file: Path | None
) -> None:
    """Makes the data folder where there is none; checks that the programs fit where there is one.

    With a `password_file` the server asks for that password, else it trusts whoever reaches its socket. It is made
    beside its final place and moved there, so that an interrupted attempt leaves nothing that looks complete.
    Raises ConfigurationError for a folder of another major version or of something else.
    """
    if folder.exists():
        _check_version(folder, install)
        return
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    command: list[str | Path] = [install.program("initdb"), "-D", partial, "--encoding=UTF8", f"--username={SUPERUSER}"]
    command += _locale(install)
    command += ["--auth=trust"] if password_file is None else ["--auth=scram-sha-256", f"--pwfile={password_file}"]
    if not durable:
        command.append("--no-sync")
    if account is not None:
        account.own(partial)
    done = subprocess.run(
        command, **identity(account), cwd=partial.parent, env=clean_environment(), capture_output=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise ConfigurationError(
            f"PostgreSQL could not make its data folder in {folder.parent}: {said}",
            hint="Choose another folder, on a file system with room and permissions.",
        )
    partial.rename(folder)


def clean_environment() -> dict[str, str]:
    """Our environment without the PG… variables: a PGDATA or PGHOST of the user's means another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The server that runs on a cluster, as its postmaster.pid tells."""

    pid: int
    port: int
    socket_dir: Path | None
    ready: bool

    def answers(self) -> bool:
        """Whether something accepts connections where this server listens."""
        try:
            if self.socket_dir is not None and sys.platform != "win32":
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(self.socket_dir / f".s.PGSQL.{self.port}"))
            else:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                    pass
        except OSError:
            return False
        return True


def read_postmaster(folder: Path) -> Postmaster | None:
    """Who runs on the cluster, if anybody; `ready` is false while it starts or stops."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    listens = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    found = Postmaster(pid, port, listens, ready=len(lines) > 7 and lines[7].strip() == "ready")
    return found if _runs_on(folder, found) else None


def drop_stale_pid_file(folder: Path) -> None:
    """Removes a postmaster.pid whose server is gone: its number may be another process's by now, and PostgreSQL would
    then refuse to start. Call it only while holding the lock, and when `read_postmaster` has found nobody."""
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _runs_on(folder: Path, server: Postmaster) -> bool:
    """Whether the process is (still) a server on this folder: the number alone may be another process's by now."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{server.pid}/cwd").resolve(strict=True) == folder.resolve()
        except FileNotFoundError:
            return False
        except PermissionError:
            return True
    if sys.platform == "win32":  # asking for a process by its number would send it a Ctrl-C
        return server.answers()
    try:
        os.kill(server.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def version_of(folder: Path) -> str:
    """The major version of PostgreSQL that made the data folder. Raises ConfigurationError where none did."""
    try:
        return (folder / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{folder} is not a data folder of PostgreSQL.", hint="Choose another folder with --data-dir."
        ) from None


def _check_version(folder: Path, install: Install) -> None:
    made_with, present = version_of(folder), install.major_version()
    if made_with != present:
        raise ConfigurationError(
            f"{folder} was made by PostgreSQL {made_with}, and this is PostgreSQL {present}.",
            hint="Start anew with --reset, which deletes what is in it, or choose another folder with --data-dir.",
        )


def _locale(install: Install) -> list[str]:
    """Unicode rules without the system's locales where PostgreSQL brings them (from 17 on), sorted by code point."""
    if int(install.major_version()) >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"] if sys.platform == "linux" else ["--locale=C"]

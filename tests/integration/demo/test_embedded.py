"""The embedded server: it starts, is shared, survives what happens to it, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pwd  # before a test gives up the right to read the library
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from prismiq.embedded import EmbeddedPostgres, account, install
from prismiq.embedded.install import Install, find_install
from prismiq.errors import ConfigurationError

from .processes import gone, processes_of, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and sockets of POSIX")
root_only = pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="is about root")

# Starts a server, says its number and whether it is ours, and waits to be ended.
OWNER = """
import sys, threading, time
from prismiq.embedded import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1], durable=False)
if sys.argv[2] == "thread":
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
else:
    server.start()
print(server.pid, server.owner, flush=True)
sys.stdin.read()
server.stop()
"""


def fetch(dsn: str, sql: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(run())


def owner(folder: Path, where: str = "main") -> tuple[subprocess.Popen[str], int, bool]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid, owns = process.stdout.readline().split()
    return process, int(pid), owns == "True"


def server(folder: Path, **options: object) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "data", durable=False, **options)


def test_it_starts_stops_and_keeps_its_data(folder: Path) -> None:
    postgres = server(folder)
    with postgres:
        pid = postgres.pid
        fetch(postgres.dsn(), "CREATE TABLE kept AS SELECT 1 AS one")
    assert gone(pid)
    with postgres:
        assert fetch(postgres.dsn(), "SELECT one FROM kept") == 1


def test_text_is_unicode_and_time_is_utc(folder: Path) -> None:
    with server(folder) as postgres:
        assert fetch(postgres.dsn(), "SELECT upper('çà') || current_setting('timezone')") == "ÇÀUTC"


def test_our_environment_does_not_lead_it_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    with server(folder) as postgres:
        assert "port=5432" in postgres.dsn()


def test_its_socket_is_out_of_reach_of_others(folder: Path) -> None:
    with server(folder) as postgres:
        assert stat.S_IMODE((postgres.data_dir / "socket").stat().st_mode) == 0o700
        assert fetch(postgres.dsn(), "SHOW listen_addresses") == ""


def test_a_second_process_attaches_and_leaves_it_running(folder: Path) -> None:
    with server(folder) as postgres:
        process, pid, owns = owner(postgres.data_dir)
        assert (pid, owns) == (postgres.pid, False)
        process.communicate("")
        assert process.returncode == 0
        assert fetch(postgres.dsn(), "SELECT 1") == 1


def test_of_two_that_start_at_once_one_owns(folder: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder / "data"), "main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.stdout.readline().split() for process in started if process.stdout]
    assert said[0][0] == said[1][0]
    assert sorted(owns for _, owns in said) == ["False", "True"]
    for process in started:
        process.communicate("")


@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_killed_owner_leaves_no_server(folder: Path, where: str) -> None:
    process, pid, owns = owner(folder / "data", where)
    assert owns
    assert not gone(pid)
    process.kill()
    process.communicate()
    wait_until(lambda: gone(pid), "the server to end")
    wait_until(lambda: not processes_of(folder), "its processes and its watchdog to end")


def test_a_killed_server_recovers(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data").start()
    fetch(postgres.dsn(), "CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(postgres.pid, signal.SIGKILL)
    wait_until(lambda: len(processes_of(folder)) == 0, "the server's processes to end")
    postgres.stop()
    with postgres:
        assert fetch(postgres.dsn(), "SELECT one FROM kept") == 1


def test_a_pid_file_that_names_another_process_is_stale(folder: Path) -> None:
    postgres = server(folder)
    with postgres:
        lines = (postgres.cluster / "postmaster.pid").read_text().splitlines()
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (postgres.cluster / "postmaster.pid").write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
    with postgres:
        assert postgres.owner
        assert postgres.pid != bystander.pid
    assert bystander.poll() is None
    bystander.communicate(b"\n")


def test_data_of_another_version_is_refused(folder: Path) -> None:
    postgres = server(folder)
    with postgres:
        pass
    (postgres.cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigurationError, match="made by PostgreSQL 9") as caught:
        postgres.start()
    assert "--reset" in str(caught.value)
    postgres.reset()
    with postgres:
        assert fetch(postgres.dsn(), "SELECT 1") == 1


def test_damaged_data_is_told_with_the_servers_own_words(folder: Path) -> None:
    postgres = server(folder)
    with postgres:
        pass
    (postgres.cluster / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="pg_control") as caught:
        postgres.start()
    assert "--reset" in str(caught.value)
    assert not postgres.owner
    assert not processes_of(folder)


def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    half = folder / "data" / "cluster.partial"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with server(folder) as postgres:
        assert fetch(postgres.dsn(), "SELECT 1") == 1
    assert not half.exists()


def test_a_folder_of_something_else_is_left_alone(folder: Path) -> None:
    precious = folder / "data" / "cluster" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(ConfigurationError, match="not a data folder"):
        server(folder).start()
    with pytest.raises(ConfigurationError, match="not a data folder"):
        server(folder).reset()
    assert precious.read_text() == "years of work"


def test_reset_deletes_the_data_and_nothing_else(folder: Path) -> None:
    precious = folder / "data" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work")
    postgres = server(folder)
    with postgres, pytest.raises(ConfigurationError, match="runs on"):
        postgres.reset()
    postgres.reset()
    assert not postgres.cluster.exists()
    assert precious.read_text() == "years of work"


def test_a_deep_folder_has_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("long" * 30)
    with EmbeddedPostgres(deep, durable=False) as postgres:
        assert fetch(postgres.dsn(), "SELECT 1") == 1
        socket_dir = Path(str(fetch(postgres.dsn(), "SHOW unix_socket_directories")))
        assert not socket_dir.is_relative_to(folder)
    assert not socket_dir.exists()


def test_by_tcp_it_listens_on_loopback_and_wants_the_password(folder: Path) -> None:
    with server(folder, tcp=True) as postgres:
        dsn = postgres.dsn()
        assert fetch(dsn, "SHOW listen_addresses") == "127.0.0.1"
        assert stat.S_IMODE((postgres.data_dir / "password").stat().st_mode) == 0o600
        assert postgres.password
        with pytest.raises(asyncpg.InvalidPasswordError):
            fetch(dsn.replace(postgres.password, "guessed"), "SELECT 1")


def test_before_the_start_there_is_no_address(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="not started"):
        server(folder).dsn()


def test_without_any_postgresql_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_WHEEL", "no_such_package")
    monkeypatch.setattr(install, "_system_folders", list)
    with pytest.raises(ConfigurationError, match="prismiq\\[demo\\]"):
        find_install()


def test_a_system_postgresql_serves_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_WHEEL", "no_such_package")
    try:
        system = find_install()
    except ConfigurationError:
        pytest.skip("no PostgreSQL of the system here")
    with server(folder, install=system) as postgres:
        version = str(fetch(postgres.dsn(), "SHOW server_version"))
        assert version.startswith(system.major_version())
        assert fetch(postgres.dsn(), "SELECT upper('é')") == "É"


@root_only
def test_root_runs_it_as_somebody_else(folder: Path) -> None:
    with server(folder) as postgres:
        user = Path(f"/proc/{postgres.pid}").stat().st_uid
        assert pwd.getpwuid(user).pw_name in ("postgres", "nobody")


@root_only
def test_programs_out_of_reach_are_copied_and_the_users_folders_stay_closed(folder: Path) -> None:
    bundled = find_install()
    if bundled.package is None:
        pytest.skip("only the bundled PostgreSQL can be copied")
    home = folder / "home"
    home.mkdir(mode=0o700)
    package = home / "site-packages" / bundled.package.name
    shutil.copytree(bundled.package, package, ignore=shutil.ignore_patterns("include"))
    libraries = bundled.package.with_name(f"{bundled.package.name}.libs")
    shutil.copytree(libraries, package.with_name(libraries.name))
    closed = Install(package / "pginstall" / "bin", package)
    with server(folder, install=closed) as postgres:
        program = Path(f"/proc/{postgres.pid}/exe").resolve()
        assert program.is_relative_to(postgres.data_dir)
        copied = (
            postgres.data_dir / f"postgres-{program.relative_to(postgres.data_dir).parts[0].removeprefix('postgres-')}"
        )
        assert (copied / libraries.name).exists()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    inode = program.stat().st_ino
    with server(folder, install=closed) as postgres:
        assert Path(f"/proc/{postgres.pid}/exe").stat().st_ino == inode  # copied once


@root_only
def test_a_data_folder_out_of_reach_is_told(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="cannot reach") as caught:
        EmbeddedPostgres(closed / "data").start()
    assert "--data-dir" in str(caught.value)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@root_only
def test_root_without_any_other_account_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(ConfigurationError, match="ordinary user"):
        account.server_account()


@root_only
def test_an_ordinary_user_runs_it_as_themselves(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    def as_nobody() -> None:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        with server(folder) as postgres:
            assert Path(f"/proc/{postgres.pid}").stat().st_uid == nobody.pw_uid
            assert stat.S_IMODE(postgres.data_dir.stat().st_mode) == 0o700
            assert fetch(postgres.dsn(), "SELECT 1") == 1

    child = multiprocessing.get_context("fork").Process(target=as_nobody)
    child.start()
    child.join(60)
    assert child.exitcode == 0

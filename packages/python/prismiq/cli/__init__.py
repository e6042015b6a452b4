"""The command line: `prismiq demo`, `serve`, `schema`, `query`, `sql`, `policy check`, `migrate` and `dashboards`."""

from __future__ import annotations

import sys

from prismiq.cli import stored
from prismiq.cli.commands import app
from prismiq.cli.output import print_error
from prismiq.errors import PrismiqError

__all__ = ["main"]

app.command()(stored.migrate)
app.add_typer(stored.app, name="dashboards")


def main() -> None:
    """Runs the command. Exits with 1 and one message for what went wrong, with 2 for wrong usage."""
    try:
        app()
    except PrismiqError as error:
        print_error(error)
        sys.exit(1)

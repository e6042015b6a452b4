"""A PostgreSQL server of one's own in a folder: for the demo and for tests. Nothing to install, nothing left behind."""

from prismiq.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's account reaches even where we are root; pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="prismiq-embedded-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)

"""`python -m prismiq`."""

from __future__ import annotations

from prismiq.cli import main

if __name__ == "__main__":
    main()

"""Let `python -m kit` be the command line."""

from __future__ import annotations

import sys

from kit.cli import main

if __name__ == "__main__":
    sys.exit(main())

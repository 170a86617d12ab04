"""The command line: `python -m kit`."""

from __future__ import annotations

from kit.cli.app import BROKEN_PIPE, FAILED, INTERRUPTED, MISUSED, main

__all__ = ["BROKEN_PIPE", "FAILED", "INTERRUPTED", "MISUSED", "main"]

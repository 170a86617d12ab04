"""Which release of the Supabase CLI a command runs: what was typed, the environment, the project's pin."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from kit.errors import BadInput
from kit.names import KIT_SUPABASE_VERSION
from kit.supabase.arguments import CLI_VERSION, Release
from kit.supabase.files import find_project

_MAJOR = re.compile(r"[\^~>=v ]*([0-9]+)(\.[0-9x*]+)*")


def find_release(folder: Path, typed: str = "") -> Release:
    """Return the release that `npx supabase` would run in a folder.

    Args:
        folder: the shell's.
        typed: what stood after `supabase@`, if anything did.

    Returns:
        The one that was typed, else KIT_SUPABASE_VERSION's, else the one that the project's
        package.json pins, else the lessons'. (npx takes npm's latest where nothing pins it.)

    Raises:
        BadInput: if it is of no release that the runner speaks.
    """
    for wanted, place in (
        (typed, f"supabase@{typed}"),
        (os.environ.get(KIT_SUPABASE_VERSION, ""), KIT_SUPABASE_VERSION),
        (_read_pin(find_project(folder) / "package.json"), "package.json"),
    ):
        if wanted:
            return _understand(wanted, place)
    return CLI_VERSION


def _understand(wanted: str, place: str) -> Release:
    if wanted == "latest":
        return Release.V3
    found = _MAJOR.fullmatch(wanted)
    for release in Release:
        if found and release.partition(".")[0] == found[1]:
            return release
    raise BadInput(
        f"{place} asks for the Supabase CLI {wanted}; the kit's runner speaks {' and '.join(Release)}.",
        remedy=f"npx supabase@{Release.V2} or npx supabase@{Release.V3}",
    )


def _read_pin(path: Path) -> str:
    try:
        package = json.loads(path.read_bytes())
        pins = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
        return str(pins.get("supabase", ""))
    except (OSError, ValueError, AttributeError, TypeError):
        return ""  # npx would not run there; the lessons' release does

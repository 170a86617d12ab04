"""Save a world as a folder, load it again; keep one such folder a phase.

A saved world is what it takes to go on: both databases as plain SQL, the git
repositories, the journal, the state. The same form serves checkpoints, the learner's
own world, reset and jump, on every provider.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from kit.engine import Engine
from kit.errors import UnusableFolder
from kit.postgres import dump, restore
from kit.repos import Repositories
from kit.timeline import Timeline, dump_records, load_records

_DATABASES = ("local", "cloud")


def kit_home() -> Path:
    """Return the folder for what lasts: $KIT_HOME, else the user's folder for state; it is made if need be.

    Raises:
        UnusableFolder: if it cannot be made or written.
    """
    home = Path(os.environ.get("KIT_HOME") or user_state_path("broken-window-kit")).expanduser().absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise UnusableFolder(
            "The kit's folder for saved worlds cannot be written.",
            why=str(error.strerror),
            looked=[str(home)],
            remedy="Set KIT_HOME to a folder that you may write.",
        ) from error
    return home


def fingerprint(*, provider: str) -> str:
    """Return a short name for this very kit: checkpoints of another one are not used.

    Args:
        provider: of PostgreSQL; dumps come from its version.
    """
    digest = hashlib.sha256(provider.encode())
    top = Path(__file__).parent
    for path in sorted(top.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(top)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def save(world: Engine, into: Path, *, state: Mapping[str, Any] | None = None) -> None:
    """Save a world to the folder `into`, which is replaced as a whole or not at all.

    Args:
        world: what to save.
        into: the folder.
        state: what `World.state` returned earlier, where the world is no longer open.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".saving-") as scratch:
        ready = Path(scratch) / "ready"
        ready.mkdir()
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(dump, world.server, name, ready / f"{name}.sql") for name in _DATABASES]
            world.repositories.save(ready / "repos")
            (ready / "journal.jsonl").write_text(dump_records(world.timeline), encoding="utf-8")
            (ready / "state.json").write_text(json.dumps(state or world.state()), encoding="utf-8")
            for job in jobs:
                job.result()
        old = Path(scratch) / "old"
        if into.exists():
            into.rename(old)
        ready.rename(into)


def load(world: Engine, saved: Path) -> None:
    """Make a running world what `save` saved; what it was before is gone."""
    state = json.loads((saved / "state.json").read_text(encoding="utf-8"))
    journal = load_records((saved / "journal.jsonl").read_text(encoding="utf-8"))
    with world.ownership.turn():
        world.stop_everything()
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(restore, world.server, name, saved / f"{name}.sql") for name in _DATABASES]
            Repositories.load(saved / "repos", world.repositories.folder)
            for job in jobs:
                job.result()
        world.journal.replace(Timeline.of(journal.records))
        world.resume(state)

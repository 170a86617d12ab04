"""Save a world as a folder, load it again, do the steps of a phase in it.

A saved world is what it takes to go on: both databases as plain SQL, the git
repositories, the journal, the state. The same form serves checkpoints, worlds of other
phases, reset and jump, on every provider. A digest of all files is among them, so that what
was damaged on disk is found before it replaces anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kit.errors import BadInput, UnusableFolder
from kit.names import ROOT
from kit.postgres import dump, restore
from kit.process.shell import Ran
from kit.repos import STARTER, Repositories
from kit.timeline import Timeline
from kit.timeline.journal import dump_records, load_records
from kit.world.engine import Engine
from kit.world.workflow import Advance, Arrivals, Edit, OpenPage, Phase, Run, Step

_DATABASES = ("local", "cloud")
_DIGEST = "digest"
_FORM = "1"
"""Count it up when a saved world of today cannot be loaded any more."""
_MAKERS = ("names.py", "starter", "timeline", "repos", "supabase", "postgres", "host", "world")
"""What a checkpoint is made by, and of."""


def fingerprint(*, provider: str) -> str:
    """Return a short name for this very kit: checkpoints of another one are not used.

    Args:
        provider: of PostgreSQL; dumps come from its version.
    """
    digest = hashlib.sha256(provider.encode())
    top = ROOT / "kit"
    _add_files(digest, top, within=[top / name for name in _MAKERS])
    return digest.hexdigest()[:16]


def _add_files(digest: hashlib._Hash, top: Path, *, within: Iterable[Path]) -> None:
    """Add the paths below `top` and the contents of files; no links, and nothing that Python has compiled."""
    files = []
    for start in within:
        files += [str(start)] if start.is_file() else []
        for place, folders, names in os.walk(start):
            folders[:] = [name for name in folders if name != "__pycache__"]
            files += [os.path.join(place, name) for name in names]  # noqa: PTH118 - hundreds; Path is slow
    for path in sorted(files, key=lambda path: Path(path).parts):
        if not os.path.islink(path):  # noqa: PTH114 - as above
            with open(path, "rb") as file:  # noqa: PTH123 - as above
                content = hashlib.sha256(file.read()).digest()
            digest.update(os.fsencode(os.path.relpath(path, top)) + b"\0" + content)


def save(world: Engine, into: Path) -> None:
    """Save a world to the folder `into`, which is replaced as a whole or not at all.

    Args:
        world: what to save.
        into: the folder.

    Raises:
        ServerFailed: if a database cannot be dumped.
        UnusableFolder: if `into` cannot be written.
    """
    try:
        _save(world, into)
    except OSError as error:
        raise UnusableFolder(
            "The world could not be saved.",
            why=str(error.strerror or error),
            looked=[str(into.parent)],
            remedy="Free some space there, or set KIT_HOME to a folder that you may write.",
        ) from error


def _save(world: Engine, into: Path) -> None:
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".saving-") as scratch:
        ready = Path(scratch) / "ready"
        ready.mkdir()
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(dump, world.server, name, ready / f"{name}.sql") for name in _DATABASES]
            world.repositories.save(ready / "repos")
            (ready / "journal.jsonl").write_text(dump_records(world.timeline), encoding="utf-8")
            (ready / "state.json").write_text(json.dumps(world.state()), encoding="utf-8")
            for job in jobs:
                job.result()
        (ready / _DIGEST).write_text(_digest(ready))
        before = _before(into)
        if into.exists():
            shutil.rmtree(before, ignore_errors=True)
            into.rename(before)
        # Were this process to end here, `find_saved` would bring back the one before.
        ready.rename(into)
        shutil.rmtree(before, ignore_errors=True)


def _before(saved: Path) -> Path:
    return saved.with_name(f".{saved.name}-before")


def find_saved(saved: Path) -> bool:
    """Say whether something was saved as the folder `saved`; mend what an interrupted `save` left there."""
    if not saved.exists():
        with contextlib.suppress(OSError):
            _before(saved).rename(saved)
    return saved.exists()


def forget_saved(saved: Path) -> None:
    """Delete what was saved as the folder `saved`."""
    for folder in (_before(saved), saved):
        shutil.rmtree(folder, ignore_errors=True)


def require_intact(saved: Path) -> None:
    """Make sure that a saved world is complete, and as it was written.

    Raises:
        BadInput: if it is not.
    """
    try:
        as_written = (saved / _DIGEST).read_text() == _digest(saved)
    except (OSError, ValueError) as error:
        why = str(error)
    else:
        if as_written:
            return
        why = "its files are not those that were written, or another version of the kit wrote them"
    raise BadInput(
        "A saved world cannot be read.",
        why=why,
        looked=[str(saved)],
        remedy="Move that folder away; the next open_world() builds the phase from the start.",
    )


def _digest(saved: Path) -> str:
    digest = hashlib.sha256(_FORM.encode())
    _add_files(digest, saved, within=[place for place in saved.iterdir() if place.name != _DIGEST])
    return digest.hexdigest()


def load(world: Engine, saved: Path, *, intact: bool = False) -> None:
    """Make a running world what `save` saved; what it was before is gone.

    Args:
        world: what to change.
        saved: the folder.
        intact: whether that was made sure of just now.

    Raises:
        BadInput: if `saved` is damaged; nothing has changed then.
        WorldTaken: if another process has the world.
        ServerFailed: if a database cannot be restored.
    """
    if not intact:
        require_intact(saved)
    state = json.loads((saved / "state.json").read_text(encoding="utf-8"))
    journal = load_records((saved / "journal.jsonl").read_text(encoding="utf-8"))
    with world.ownership.turn(), world.changing():
        world.stop_everything()
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(restore, world.server, name, saved / f"{name}.sql") for name in _DATABASES]
            Repositories.load(saved / "repos", world.repositories.folder)
            world.host.prepare(state["host"])
            # The wall clock shows other times than those that were saved.
            records = journal.records if world.clock.name == "virtual" else ()
            world.journal.replace(Timeline.of(records))
            for job in jobs:
                job.result()
        world.resume(state)


TEST_DOCUMENT = "My Test Document"


@dataclass(frozen=True)
class Played:
    """A step that was done: what it printed, and each sentence about it with whether it is true."""

    step: Step
    ran: Ran
    holds: tuple[tuple[str, bool], ...]


def play(world: Engine, step: Step) -> Ran:
    """Do one step; return what it printed."""
    match step.action:
        case Run(clone, text):
            return world.run(clone, text)
        case Edit(clone, path, source, append):
            world.write(clone, path, (STARTER / source).read_text(encoding="utf-8"), append=append)
        case Advance(seconds):
            world.advance(seconds)
        case Arrivals(rate):
            world.visit(rate)
        case OpenPage(site):
            world.open_page(site, TEST_DOCUMENT)
    return Ran(command=step.action.text, output="", exit=0)


def play_phase(
    world: Engine, phase: Phase, *, progress: Callable[[Step], None] | None = None
) -> tuple[Played, ...]:
    """Do a phase's steps in order, and ask after each whether it did what it should.

    Args:
        world: where; it stands at the beginning of the phase.
        phase: what to do.
        progress: told of each step before it is done.
    """
    played = []
    for step in phase.steps:
        if progress:
            progress(step)
        ran = play(world, step)
        played.append(Played(step, ran, step.ask(world.observe())))
    return tuple(played)
